package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/scenarios"
)

// TestScenarios tells every story of testdata/scenarios to the engine alone. Adding one
// needs no Go.
func TestScenarios(t *testing.T) {
	scenarios.Each(t, func(t *testing.T, s *scenarios.Scenario) { runScenario(t, s) })
}

// runScenario feeds the samples in order of arrival, second by second where something
// happens, and checks each line when its time has come: alerts by the wall clock,
// counts when the slot that ends at that time was evaluated.
func runScenario(t *testing.T, s *scenarios.Scenario) {
	r := newRig(t, scenarios.Start, s.Objectives...)
	i := 0
	for now := scenarios.Start; now <= scenarios.Start+s.End+60_000; now += min(s.Step, 5000) {
		r.now = now
		var batch []arrival
		for ; i < len(s.Samples) && s.Samples[i].At <= now; i++ {
			x := &s.Samples[i]
			batch = append(batch, arrival{lset: x.Labels, t: x.T, v: x.V, h: x.H, at: x.At})
		}
		if len(batch) > 0 {
			r.send(batch...)
		}
		r.tick()
		s.Expects = slices.DeleteFunc(s.Expects, func(x scenarios.Expect) bool { return checkExpect(t, r, &x, now) })
	}
	for _, x := range s.Expects {
		t.Errorf("never evaluated at that time: %s", x.Text)
	}
}

// checkExpect says whether the line's time has come; then it has been checked.
func checkExpect(t *testing.T, r *rig, x *scenarios.Expect, now int64) bool {
	t.Helper()
	if x.Key == "firing" {
		if now < scenarios.Start+x.At {
			return false
		}
		var firing []labels.Labels
		for _, a := range r.engine.Alerts() {
			if a.State == slo.AlertFiring {
				firing = append(firing, a.Labels)
			}
		}
		if have := scenarios.Firing(firing); have != x.Want {
			t.Errorf("%s: have %s", x.Text, have)
		}
		return true
	}
	for _, st := range r.engine.Status() {
		if x.SLO != "" && st.Objective.Name != x.SLO || st.TS != scenarios.Start+x.At || strings.ReplaceAll(st.Groups.String(), " ", "") != x.Groups {
			continue
		}
		if have := scenarios.Of(&st).Says(x); !scenarios.Same(have, x.Want) {
			t.Errorf("%s: have %s", x.Text, have)
		}
		return true
	}
	return false
}
