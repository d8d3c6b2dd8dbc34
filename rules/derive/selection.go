package derive

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/slowburn/slowburn/slo"
)

// selection is what one Select has found so far, and what it will take to read it.
type selection struct {
	ctx         context.Context
	querier     *querier
	hints       *storage.SelectHints
	first, last int64 // slots wanted
	steps       steps

	series   []storage.Series
	warnings annotations.Annotations

	units   []*unit
	kinds   kinds
	windows map[slo.Window]struct{}
	seen    map[shapeVariant]struct{}

	stored      []*unit
	storedKinds kinds
}

type shapeVariant struct {
	shape   *shape
	variant *variant
}

// unitKey names counters that are read as one: a budget's, or one source's of it, as
// differences or as they stand.
type unitKey struct {
	entry    int32
	absolute bool
	split    bool
	source   string
}

// unit is a budget's counters within one querier, read at most once while they fit.
type unit struct {
	key  unitKey
	need *need
	// batch are the units of the selection that needed it last; pos is its place.
	batch []*unit
	pos   int

	curve atomic.Pointer[curve]
	read  *need // what curve was read for
}

// add appends a series. Its counters are those of key, or of the budget if key is
// zero and the variant needs any.
func (s *selection) add(i int32, v *variant, lset labels.Labels, key unitKey) error {
	if s.full() || !s.inShard(lset) {
		return nil
	}
	q := s.querier
	if len(s.series) >= q.view.opts.MaxSeries {
		q.view.metrics.rejected.Inc()
		return errTooMany(q.view.opts.MaxSeries)
	}
	e := &q.index.entries[i]
	if v.metric.always && q.since(e) > s.last {
		return nil
	}
	out := &series{
		ctx: s.ctx, querier: q, lset: lset, entry: e, variant: v,
		first: s.first, last: s.last, steps: s.steps,
	}
	if v.metric.always {
		out.first = max(out.first, q.since(e))
	}
	switch {
	case key.absolute:
		out.unit = s.unit(key, &s.stored)
		s.storedKinds |= v.metric.kinds | total
	case v.metric.kinds != 0:
		out.unit = s.budgetUnit(i)
		s.require(e.shape, v)
	}
	s.series = append(s.series, out)
	return nil
}

// full says that the hints ask for no more series.
func (s *selection) full() bool {
	return s.hints != nil && s.hints.Limit > 0 && len(s.series) >= s.hints.Limit
}

func (s *selection) inShard(lset labels.Labels) bool {
	if s.hints == nil || s.hints.ShardCount == 0 {
		return true
	}
	return labels.StableHash(lset)%s.hints.ShardCount == s.hints.ShardIndex
}

// unit returns the querier's unit, noting it in list once.
func (s *selection) unit(key unitKey, list *[]*unit) *unit {
	u := s.querier.units[key]
	if u == nil {
		u = &unit{key: key}
		s.querier.units[key] = u
	}
	if n := len(*list); n == 0 || (*list)[n-1] != u {
		*list = append(*list, u)
	}
	return u
}

// require notes the windows and counters that a variant needs.
func (s *selection) require(sh *shape, v *variant) {
	if s.seen == nil {
		s.seen, s.windows = map[shapeVariant]struct{}{}, map[slo.Window]struct{}{}
	}
	if _, ok := s.seen[shapeVariant{sh, v}]; ok {
		return
	}
	s.seen[shapeVariant{sh, v}] = struct{}{}
	s.kinds |= v.metric.kinds | total // rows are those of the total
	for _, w := range v.reads(sh) {
		s.windows[w] = struct{}{}
		if withoutLate(w) && v.metric.kinds&events != 0 {
			s.kinds |= late
		}
	}
}

// plan tells the units what will be read of them. Nothing is read yet: most queries
// read all their series, but a series API call none.
func (s *selection) plan() {
	slot := s.querier.view.opts.Slot
	if len(s.units) > 0 {
		s.assign(s.units, newNeed(s.kinds, s.windows, s.first, s.last, s.steps, slot))
	}
	if len(s.stored) > 0 {
		stored := newNeed(s.storedKinds, nil, s.first, s.last, s.steps, slot)
		stored.absolute = true
		s.assign(s.stored, stored)
	}
}

func (s *selection) assign(units []*unit, n *need) {
	for pos, u := range units {
		u.need = s.querier.union(u.need, n)
		u.batch, u.pos = units, pos
	}
}

// union is have.with(n), the same pointer for the same arguments: units that need
// the same are read together.
func (q *querier) union(have, n *need) *need {
	if have == nil || have == n {
		return n
	}
	key := [2]*need{have, n}
	if u, ok := q.wider[key]; ok {
		return u
	}
	if q.wider == nil {
		q.wider = map[[2]*need]*need{}
	}
	u := have.with(n)
	q.wider[key] = u
	return u
}
