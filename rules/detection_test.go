package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// TestPromise3_DetectionTimes reproduces the detection times of the SRE Workbook,
// ch. 5: a pair of threshold f over a window W finds an error rate e of an objective
// with allowance a after f·a·W/e. Three clean days come before. Scrapes are 60 s apart
// in the past and 5 s apart around the detection.
func TestPromise3_DetectionTimes(t *testing.T) {
	const target, allowed = 0.999, 0.001
	rules := map[string]slo.TierPair{
		"1h/5m":  {Long: time.Hour, Short: 5 * time.Minute, Share: 0.02},
		"6h/30m": {Long: 6 * time.Hour, Short: 30 * time.Minute, Share: 0.05},
		"1d/2h":  {Long: day, Short: 2 * time.Hour, Share: 0.10},
		"3d/6h":  {Long: 3 * day, Short: 6 * time.Hour, Share: 0.10},
	}
	for name, p := range rules {
		if name != "1h/5m" && testing.Short() {
			continue
		}
		for _, rate := range []float64{1, 0.1, 0.01} {
			t.Run(fmt.Sprintf("%s at %g", name, rate), func(t *testing.T) {
				def := availability(target)
				def.Rules = slo.Tier{Alerts: []slo.TierAlert{{Severity: slo.SeverityPage, Pairs: []slo.TierPair{p}}}}.Rules(def.Windows[0])
				factor := def.Rules[0].Pairs[0].Factor
				want := int64(factor * allowed * float64(p.Long.Milliseconds()) / rate)
				if rate/allowed <= factor {
					t.Skipf("burns %g times too fast: never above %g", rate/allowed, factor)
				}
				live := detect(t, def, rate, want, 5*second)
				slow := detect(t, def, rate, want, 60*second)
				// Exact to the scrape that brings the proof. The window's start is floored to
				// its grain and the scrape across it counts whole, so that a little more than
				// the window is looked at.
				grain := int64(float64(slo.Grain(p.Long, slot).Milliseconds()+60*second) * factor * allowed / rate)
				within(t, "5 s scrapes, ms", live, want-second, want+grain+6*second)
				within(t, "60 s scrapes, ms", slow, want-second, want+grain+61*second)
				t.Logf("theory %s, found after %s, with 60 s scrapes %s", time.Duration(want)*time.Millisecond, time.Duration(live)*time.Millisecond, time.Duration(slow)*time.Millisecond)
			})
		}
	}
}

// detect says how long after the onset of an error rate the page was published, ms,
// and checks that the closed slots, which are what a replay sees, would not have been
// earlier.
func detect(t *testing.T, def *slo.Objective, rate float64, about, step int64) int64 {
	t.Helper()
	onset := t0 + 3*24*hour + 6*hour
	r := newRig(t, t0, def)
	defer r.close()
	s := &shop{}
	r.drive(t0, onset-2*hour, 60*second, func(ts int64) []arrival { return s.scrape(ts, 600, 0) })
	near := onset + about - 3*minute
	last := onset - 2*hour - 60*second
	scrape := func(ts int64) []arrival {
		n := float64(ts-last) / 1000 * 10
		last = ts
		bad := 0.0
		if ts > onset {
			bad = rate * n
		}
		return s.scrape(ts, n-bad, bad)
	}
	r.drive(onset-2*hour, near, 60*second, scrape)
	if len(r.firing(slo.SeverityPage)) > 0 {
		t.Errorf("want no page 3 min before its time, have one")
	}
	for ts := max(near, last+step); ts < near+20*minute; ts += step {
		r.now = ts + 300
		r.send(scrape(ts)...)
		r.tick()
		if pages := r.firing(slo.SeverityPage); len(pages) > 0 {
			published := r.now
			replayed := closedDetection(r, def)
			if replayed != 0 && replayed < published-300 {
				t.Errorf("a replay would have paged at %d ms, live did at %d", replayed-onset, published-onset)
			}
			return published - onset
		}
	}
	t.Error("never found")
	return 0
}

// closedDetection is the end of the slot at which the page would have fired by closed
// slots alone, 0 if by none so far.
func closedDetection(r *rig, def *slo.Objective) int64 {
	for _, p := range r.status().Pairs {
		if p.Holds {
			return r.status().TS
		}
	}
	return 0
}

// TestPromise3_ClockAhead: a Prometheus whose clock leads by 5 s is paged for as soon.
func TestPromise3_ClockAhead(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	s := &shop{}
	fired := int64(0)
	onset := t0 + 7*hour
	for ts := t0; ts < onset+3*minute; ts += 5 * second {
		r.now = ts - 5*second + 300
		bad := 0.0
		if ts > onset {
			bad = 50
		}
		r.send(s.scrape(ts, 50-bad, bad)...)
		r.tick()
		if fired == 0 && len(r.firing(slo.SeverityPage)) > 0 {
			fired = ts
		}
	}
	within(t, "page after the onset, ms", fired-onset, 50*second, 60*second)
	near(t, "late", 0, r.stored("slo_late_events_total"))
}
