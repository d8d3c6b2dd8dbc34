package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// TestFault03_TheStoreIsLost: an engine starts over an empty store. What the ledger holds
// goes on as if it had not been: every event is counted once, rows are the same, groups
// and a changed SLI included; what burns pages in the slot after the start.
func TestFault03_TheStoreIsLost(t *testing.T) {
	for _, c := range []struct {
		name string
		by   []string
		// changed lets the SLI mean something else after 20 min
		changed bool
	}{{"one budget", nil, false}, {"groups", []string{"instance"}, false}, {"a second generation", nil, true}} {
		t.Run(c.name, func(t *testing.T) {
			run := func(lose bool) (*rig, []transition) {
				def := availability(0.999, c.by...)
				r := newRigWith(t, t0, func(o *rules.Options) { o.CountPast = true }, def)
				a, b := &shop{instance: "i1"}, &shop{instance: "i2"}
				r.drive(t0, t0+2*hour, 15*second, func(ts int64) []arrival {
					e, ok, bad := ts-t0, 150.0, 0.0
					if e >= 35*minute && e < 55*minute {
						ok, bad = 0, 150
					}
					switch e {
					case 20 * minute:
						if c.changed {
							other := *def
							other.SLI.Births = slo.BirthsZero
							r.objectives = []*slo.Objective{&other}
							r.must(r.engine.Apply(t.Context(), r.objectives))
						}
					case 40 * minute:
						if lose {
							r.store.m = map[string]rules.Record{}
						}
						r.crash()
					}
					return append(a.scrape(ts, ok, bad), b.scrape(ts, ok, bad)...)
				})
				r.flush()
				return r, r.transitions()
			}
			kept, _ := run(false)
			lost, told := run(true)
			if d := cmp.Diff(kept.rows(), lost.rows()); d != "" {
				t.Errorf("rows (-store kept +store lost):\n%.2000s", d)
			}
			if d := cmp.Diff(kept.status().Windows, lost.status().Windows); d != "" {
				t.Errorf("budgets (-store kept +store lost):\n%s", d)
			}
			again := false
			for _, x := range told {
				if x.Labels == "SLOErrorBudgetBurn page" && x.FiredAt >= 39*minute && x.FiredAt <= 41*minute {
					again = true
				}
			}
			if !again {
				t.Errorf("want it to page again at once, have %v", told)
			}
		})
	}
}
