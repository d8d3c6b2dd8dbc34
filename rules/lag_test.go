package rules_test

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// A source that catches up after a restart says nothing; one whose lag does not
// shrink is told of, until it has caught up.
func TestLagIsToldUnlessItShrinks(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	lset := requests("200", "i1")
	behind := func(lag time.Duration) {
		r.now += (15 * time.Second).Milliseconds()
		ts := r.now - lag.Milliseconds()
		for _, t := range []int64{ts - 5000, ts} { // so that its cadence stays known
			r.send(arrival{lset: lset, t: t, v: float64(t / 1000), at: r.now})
		}
		r.tick()
	}
	told := func() bool {
		for _, a := range r.levels[len(r.levels)-1] {
			if a.Labels.Get(labels.AlertName) == slo.AlertSourceLag && a.State == slo.AlertFiring {
				return true
			}
		}
		return false
	}
	for _, step := range []struct {
		lag  time.Duration
		want bool
	}{
		{12 * time.Hour, false}, {6 * time.Hour, false}, {10 * time.Minute, false}, {3 * time.Minute, false}, {time.Second, false},
		{time.Second, false}, {time.Second, false},
		{3 * time.Minute, true}, {170 * time.Second, true}, {time.Second, false},
	} {
		if step.lag == 3*time.Minute && step.want {
			r.now += step.lag.Milliseconds() // it was away
		}
		behind(step.lag)
		if have := told(); have != step.want {
			t.Errorf("%s behind: want told %t, have %t", step.lag, step.want, have)
		}
	}
}
