package rules_test

import (
	"fmt"
	"testing"
	"time"
)

// TestFault07_OurClockJumps sets the wall clock wrong for some minutes, before, while and
// after a page fires, and lets samples arrive all the time. The page comes, once, and ends
// once, at the times the samples say; and every event is counted.
func TestFault07_OurClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, -5 * time.Minute, -time.Second, time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour, 40 * 24 * time.Hour} {
		for _, at := range []int64{5, 11, 30, 44, 46} { // minutes: the outage is from 10 to 45
			t.Run(fmt.Sprintf("%s after %d min", jump, at), func(t *testing.T) {
				t.Parallel()
				def := availability(0.999)
				def.Rules = def.Rules[:1]
				r, s := newRig(t, t0, def), &shop{}
				for ts := t0; ts < t0+11*hour; ts += 15 * second {
					e := ts - t0
					r.now = ts + 500
					if e >= at*minute && e < (at+7)*minute {
						r.now += jump.Milliseconds()
					}
					if e >= 10*minute && e < 45*minute {
						r.send(s.scrape(ts, 0, 150)...)
					} else {
						r.send(s.scrape(ts, 150, 0)...)
					}
					r.tick()
				}
				var page []transition
				for _, x := range r.transitions() {
					if x.Labels == "SLOErrorBudgetBurn page" {
						page = append(page, x)
					}
				}
				if len(page) != 2 || page[0].FiredAt != page[1].FiredAt || page[1].ResolvedAt == 0 {
					t.Errorf("want it told once and ended once, have %v", page)
				}
				if have := r.vanished(); len(have) > 0 {
					t.Errorf("left out without an end: %v", have)
				}
				r.flush()
				near(t, "bad", s.bad, r.stored("slo_bad_events_total"))
				near(t, "total", s.ok+s.bad-150, r.stored("slo_events_total"))
			})
		}
	}
}
