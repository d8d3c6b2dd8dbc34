package rules_test

import (
	"context"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/scenarios"
)

// segmented gives plan="gold" a target of its own.
func segmented(target, gold float64) *slo.Objective {
	o := availability(target, "plan")
	own := o.Clone()
	own.Target, own.Tier = gold, "critical"
	o.Segments = []slo.Segment{{Match: []*labels.Matcher{matcher("plan", "gold")}, Objective: own}}
	return o
}

// A segment's target is dated like the objective's: what was promised then is what
// the past is read by.
func TestSegmentTargetsAreDated(t *testing.T) {
	r := newRig(t, scenarios.Start, segmented(0.9, 0.999))
	plan := func(name string) labels.Labels {
		return labels.NewBuilder(requests("200", "a")).Set("plan", name).Labels()
	}
	feed := func(from, to int64) {
		for i := from; i < to; i++ {
			at := scenarios.Start + i*15_000
			r.now = at + 500
			r.send(arrival{lset: plan("gold"), t: at, v: float64(i)}, arrival{lset: plan("silver"), t: at, v: float64(i)})
			r.tick()
		}
	}
	feed(0, 20)
	changed := r.now
	r.objectives = []*slo.Objective{segmented(0.9, 0.99)}
	r.must(r.engine.Apply(context.Background(), r.objectives))
	feed(20, 40)
	r.crash()

	want := map[string][2]float64{"{}": {0.9, 0.9}, `{plan="gold"}`: {0.999, 0.99}, `{plan="silver"}`: {0.9, 0.9}}
	for _, b := range r.engine.Catalogue() {
		w, ok := want[b.Groups.String()]
		if !ok {
			t.Fatalf("no such budget wanted: %s", b.Groups)
		}
		delete(want, b.Groups.String())
		if have := [2]float64{b.TargetAt(changed - 60_000), b.TargetAt(r.now)}; have != w {
			t.Errorf("%s: want targets %v before and after, have %v", b.Groups, w, have)
		}
	}
	if len(want) > 0 {
		t.Errorf("want budgets %v too", want)
	}
}
