package rules_test

import (
	"context"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// TestFault03_NothingIsCountedTwiceBehindDamage loses raw samples of closed slots, in
// the middle and right up to the newest, before a start: the counters end where they
// would have, to the event.
func TestFault03_NothingIsCountedTwiceBehindDamage(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to int     // scrapes lost
		lost     float64 // by the group's ledger and the roll-up's, four series
	}{
		{"none lost", 0, 0, 0},
		{"up to the newest closed slot", 20, 40, 160},
		{"in the middle of closed slots", 10, 20, 80},
		{"of open slots, too", 20, 41, 160},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, t0, availability(0.99, "instance"))
			good, bad := [2]float64{}, [2]float64{}
			scrape := func(n int) {
				ts := t0 + int64(n)*15000
				r.now = ts + 500
				for i, instance := range []string{"a", "b"} {
					good[i] += float64(90 + i*n)
					bad[i] += float64(n % 4)
					r.send(arrival{lset: requests("200", instance), t: ts, v: good[i]}, arrival{lset: requests("500", instance), t: ts, v: bad[i]})
				}
				r.tick()
			}
			scrape(0)
			begun := good[0] + good[1] + bad[0] + bad[1]
			for n := range 40 {
				scrape(n + 1)
			}
			if c.to > c.from {
				r.must(r.raw.Delete(context.Background(), t0+int64(c.from)*15000, t0+int64(c.to-1)*15000, matcher("job", "shop")))
			}
			r.damaged = true
			r.crash()
			if have := r.metric("slowburn_engine_scrapes_lost_total"); have != c.lost {
				t.Errorf("scrapes lost: want %g, have %g", c.lost, have)
			}
			for n := range 20 {
				scrape(n + 41)
			}
			r.flush()
			total, allBad := good[0]+good[1]+bad[0]+bad[1]-begun, bad[0]+bad[1]
			rollUp := labels.MustNewMatcher(labels.MatchEqual, "instance", "")
			if have := r.stored("slo_events_total", rollUp); have != total {
				t.Errorf("events: want %g, have %g", total, have)
			}
			if have := r.stored("slo_bad_events_total", rollUp); have != allBad {
				t.Errorf("bad events: want %g, have %g", allBad, have)
			}
		})
	}
}
