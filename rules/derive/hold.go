package derive

import (
	"context"
	"slices"
)

// How many budgets are read at once, and how many samples of them.
const (
	maxBatch        = 512
	maxBatchSamples = 1 << 20
)

// curve returns the unit's counters, reading them, and those of units that will
// likely be asked for next, if they are not held.
func (q *querier) curve(ctx context.Context, u *unit) (*curve, error) {
	if c := u.curve.Load(); c != nil && u.read.covers(u.need) {
		return c, nil
	}
	if parts := q.index.entries[u.key.entry].parts; parts != nil {
		return q.composed(ctx, u, parts)
	}
	batch := q.batch(u)
	l := &load{
		ctx: ctx, ledger: q.view.ledger, index: q.index, need: u.need, slot: q.view.slot,
		entries: make(map[int32][]*stream, len(batch)),
		room:    q.view.rooms.Get().(*room),
	}
	for _, b := range batch {
		l.entries[b.key.entry] = nil
	}
	if len(u.need.spans) > 0 {
		q.view.metrics.loads.Inc()
		if err := l.read(); err != nil {
			return nil, err
		}
	}
	for _, b := range batch {
		streams := l.entries[b.key.entry]
		if b.key.split {
			streams = slices.DeleteFunc(slices.Clone(streams), func(s *stream) bool { return s.source != b.key.source })
		}
		c := q.view.curves.Get().(*curve)
		c.merge(u.need, streams, q.view.slot)
		c.first = l.first[b.key.entry]
		q.hold(b, c)
	}
	l.room.ts, l.room.v = l.room.ts[:0], l.room.v[:0]
	q.view.rooms.Put(l.room)
	return u.curve.Load(), nil
}

// batch is u and what follows it in its selection, as far as that makes sense.
func (q *querier) batch(u *unit) []*unit {
	room := int64(min(maxBatchSamples, q.view.opts.MaxHeld)) / max(1, u.need.samples(q.view.slot))
	batch := []*unit{u}
	for _, b := range u.batch[u.pos+1:] {
		if int64(len(batch)) >= room || len(batch) >= maxBatch {
			break
		}
		if q.index.entries[b.key.entry].parts != nil {
			continue // it is composed when it is asked for
		}
		if b.need == u.need && (b.curve.Load() == nil || !b.read.covers(b.need)) {
			batch = append(batch, b)
		}
	}
	return batch
}

// hold keeps a unit's curve, letting go of the oldest if there are too many values.
// Whoever still wants one of those has it read again, which is slow but cannot
// exhaust memory.
func (q *querier) hold(u *unit, c *curve) {
	if old := u.curve.Load(); old != nil {
		q.values -= old.size()
		q.held = slices.DeleteFunc(q.held, func(h *unit) bool { return h == u })
	}
	u.curve.Store(c)
	u.read = u.need
	q.held = append(q.held, u)
	q.values += c.size()
	for q.values > q.view.opts.MaxHeld && q.held[0] != u {
		old := q.held[0]
		q.held = q.held[1:]
		q.values -= old.curve.Load().size()
		old.curve.Store(nil)
		q.view.metrics.evictions.Inc()
	}
}
