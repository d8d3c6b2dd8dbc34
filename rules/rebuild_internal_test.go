package rules

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
)

// TestRebuilt: which generation of a ledger counts when, by what rows it has.
func TestRebuilt(t *testing.T) {
	const ever, slot = int64(math.MinInt64), 15
	for name, c := range map[string]struct {
		found map[string]stretch
		want  []slo.Generation
	}{
		"one": {map[string]stretch{"1": {100, 900}}, []slo.Generation{{ID: "1", From: ever, To: forever}}},
		"three, the first beyond retention": {map[string]stretch{"3": {700, 900}, "2": {100, 690}}, []slo.Generation{
			{ID: "2", From: ever, To: 685}, {ID: "3", From: 685, To: forever},
		}},
		"backfilled before it came": {map[string]stretch{"b1": {100, 500}, "1": {530, 900}}, []slo.Generation{
			{ID: "b1", From: ever, To: 515}, {ID: "1", From: 515, To: forever},
		}},
		"backfilled over its beginning": {map[string]stretch{"b2": {100, 500}, "1": {300, 900}}, []slo.Generation{
			{ID: "b2", From: ever, To: 500}, {ID: "1", From: 500, To: forever},
		}},
		"backfilled, and nothing since": {map[string]stretch{"b1": {100, 500}}, []slo.Generation{
			{ID: "b1", From: ever, To: 500}, {ID: "2", From: 500, To: forever},
		}},
	} {
		r := rebuilt(&slo.Objective{}, c.found, slot)
		if d := cmp.Diff(c.want, r.Generations); d != "" {
			t.Errorf("%s (-want +have):\n%s", name, d)
		}
	}
	if r := rebuilt(&slo.Objective{}, nil, slot); r != nil {
		t.Errorf("want an objective without rows to be new, have %v", r)
	}
	// One that comes after them has a name that no row has.
	r := rebuilt(&slo.Objective{}, map[string]stretch{"7": {100, 900}}, slot)
	if r.begin("", 1000); r.current().ID != "8" {
		t.Errorf("want the next to be 8, have %s", r.current().ID)
	}
}
