package derive

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// join finds the entries of composites' members, −1 for one that is not in force.
func (x *index) join() {
	for i := range x.entries {
		e := &x.entries[i]
		for _, m := range e.Objective.SLI.Members {
			part, _ := x.owner(nil, labels.FromStrings(slo.LabelService, m.Service, slo.LabelSLO, m.Name))
			e.parts = append(e.parts, part)
		}
	}
}

// budgetUnit returns the unit of a budget's counters, noting it, and before it those
// of its members if it is a composite.
func (s *selection) budgetUnit(i int32) *unit {
	key := unitKey{entry: i}
	if n := len(s.units); n > 0 && s.units[n-1].key == key {
		return s.units[n-1]
	}
	for _, part := range s.querier.index.entries[i].parts {
		if part >= 0 {
			s.unit(unitKey{entry: part}, &s.units)
		}
	}
	return s.unit(key, &s.units)
}

// composed is the curve of a composite: its members', side by side.
func (q *querier) composed(ctx context.Context, u *unit, members []int32) (*curve, error) {
	curves := make([]*curve, len(members))
	for i, m := range members {
		if m < 0 {
			curves[i] = &curve{}
			continue
		}
		var err error
		if curves[i], err = q.curve(ctx, q.units[unitKey{entry: m}]); err != nil {
			return nil, err
		}
	}
	c := abreast(curves)
	q.hold(u, c)
	return c, nil
}

// abreast lays curves that were read for the same need over each other: one that
// changes where any of them does, with the counters of each.
func abreast(curves []*curve) *curve {
	c := &curve{parts: make([]strand, len(curves))}
	for i, part := range curves {
		c.parts[i].first = part.first
		for k := range part.col {
			if part.col[k] != nil {
				c.parts[i].col[k] = []float64{}
			}
		}
	}
	next := make([]int, len(curves))
	for {
		ts := int64(math.MaxInt64)
		for i, part := range curves {
			if next[i] < len(part.ts) {
				ts = min(ts, part.ts[next[i]])
			}
		}
		if ts == math.MaxInt64 {
			return c
		}
		row := false
		for i, part := range curves {
			if next[i] < len(part.ts) && part.ts[next[i]] == ts {
				row = row || part.row[next[i]]
				next[i]++
			}
			for k := range part.col {
				if part.col[k] != nil {
					c.parts[i].col[k] = append(c.parts[i].col[k], part.counter(kind(k), next[i]-1))
				}
			}
		}
		c.ts, c.row = append(c.ts, ts), append(c.row, row)
	}
}
