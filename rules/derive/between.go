package derive

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Counts are those of an objective's roll-up over (from, to], slots' ends in ms, late
// amounts included: what a cost or a report is made of.
func (v *View) Counts(ctx context.Context, o *slo.Objective, from, to int64) (slo.Counts, error) {
	if to <= from {
		return slo.Counts{}, nil
	}
	q := v.querier(from, to)
	defer q.Close()
	i, _ := q.index.owner(nil, o.BudgetLabels(labels.EmptyLabels()))
	if i < 0 {
		return slo.Counts{}, nil
	}
	n := &need{kinds: events | scrapes, dense: []span{{lo: from, hi: from}, {lo: to, hi: to}}}
	n.settle()
	u := &unit{key: unitKey{entry: i}, need: n}
	u.batch = []*unit{u}
	c, err := q.curve(ctx, u)
	if err != nil {
		return slo.Counts{}, fmt.Errorf("count %s: %w", o.ID(), err)
	}
	a, b := c.at(0, from), c.at(0, to)
	sub := func(k kind) float64 { return c.counter(k, b) - c.counter(k, a) }
	out := slo.Counts{Bad: sub(kindBad), Total: sub(kindTotal), Observed: sub(kindObserved), Expected: sub(kindExpected)}
	return out.Reaching(from, c.first, to), nil
}
