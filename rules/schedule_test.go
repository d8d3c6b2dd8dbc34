package rules_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// stay is a target that is scraped in [from, to) and marked stale at to; phase is when
// in its interval, and missed are the scrapes that do not come. All in ms after t0.
type stay struct {
	every, phase, from, to int64
	missed                 map[int64]bool
}

func (s *stay) due(e int64) bool { return e >= s.from && e < s.to && (e-s.phase)%s.every == 0 }

// TestFault10_ExpectedIsTheSchedule: targets of three cadences come and go at any moment
// of a slot, miss scrapes, and the engine is killed at random. What was expected is what
// their schedules say, to the scrape, and what was observed is what came.
func TestFault10_ExpectedIsTheSchedule(t *testing.T) {
	checkFew(t, 10, func(rt *rapid.T) {
		const end = 60 * minute
		stays := []stay{{every: 15 * second, to: end}} // somebody always is
		for range rapid.IntRange(1, 4).Draw(rt, "targets") {
			every := rapid.SampledFrom([]int64{second, 3 * second, 5 * second, 15 * second}).Draw(rt, "every")
			s := stay{every: every, phase: rapid.Int64Range(0, every/second-1).Draw(rt, "phase") * second, missed: map[int64]bool{}}
			s.from = s.phase + every*rapid.Int64Range(0, 20*minute/every).Draw(rt, "comes")
			s.to = s.from + every*rapid.Int64Range(4, 30*minute/every).Draw(rt, "stays")
			for range rapid.IntRange(0, 3).Draw(rt, "misses") {
				// Not one after the other: three in a row are another cadence.
				s.missed[s.from+every*(3+4*rapid.Int64Range(0, (s.to-s.from)/every/4).Draw(rt, "missed"))] = true
			}
			stays = append(stays, s)
		}
		kills := map[int64]bool{}
		for range rapid.IntRange(0, 3).Draw(rt, "kills") {
			kills[rapid.Int64Range(1, end/second-1).Draw(rt, "killed")*second] = true
		}

		r := newRig(t, t0, availability(0.999))
		defer r.close()
		expected, observed := 0.0, 0.0
		r.drive(t0, t0+end, second, func(ts int64) (all []arrival) {
			e := ts - t0
			if kills[e] {
				r.crash()
			}
			for i := range stays {
				s, target := &stays[i], &shop{instance: fmt.Sprint("i", i), ok: float64(e)}
				switch {
				case s.due(e):
					expected += 2
					if !s.missed[e] {
						observed += 2
						all = append(all, target.scrape(ts, 0, 0)...)
					}
				case e == s.to && s.to != end:
					all = append(all, target.stale(ts)...)
				}
			}
			return all
		})
		// All but what the slots that are still open hold.
		r.tick()
		closed := r.engine.Status()[0].TS - t0
		for i := range stays {
			for e := closed + second; e < end; e += second {
				if s := &stays[i]; s.due(e) {
					expected -= 2
					if !s.missed[e] {
						observed -= 2
					}
				}
			}
		}
		if have := r.stored("slo_scrapes_observed_total"); have != observed {
			rt.Fatalf("want %g scrapes observed, have %g", observed, have)
		}
		if have := r.stored("slo_scrapes_expected_total"); have != expected {
			rt.Fatalf("want %g scrapes expected, have %g", expected, have)
		}
	})
}
