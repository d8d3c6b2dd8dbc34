package derive

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/slowburn/slowburn/slo"
)

// querier answers one query, from one catalogue and at one instant of wall time.
type querier struct {
	view       *View
	index      *index
	now        int64
	mint, maxt int64

	units  map[unitKey]*unit
	wider  map[[2]*need]*need
	held   []*unit // units with a curve, oldest first
	values int     // in them

	ledger storage.Querier // for alerts, opened at need
}

// newest is the last slot that has ended, ms.
func (q *querier) newest() int64 { return q.now - q.now%q.view.slot }

// settledBy is the last slot that cannot get a row any more, unless late.
func (q *querier) settledBy() int64 {
	t := q.now - q.view.opts.Settle.Milliseconds()
	return t - t%q.view.slot
}

// settled is the newest slot whose state is known: the one of the last row, or the
// last one that cannot get a row any more.
func (q *querier) settled(c *curve) int64 {
	for i := len(c.ts) - 1; i >= 0; i-- {
		if c.row[i] {
			return max(c.ts[i], q.settledBy())
		}
	}
	return q.settledBy()
}

// slots returns the first and last slot between mint and maxt of the hints.
func (q *querier) slots(hints *storage.SelectHints) (first, last int64) {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	// No event is older than the epoch, or newer than a sender's clock may be ahead.
	mint, maxt = max(mint, 0), min(maxt, q.now+hour.Milliseconds())
	return slo.SlotEnd(mint, q.view.opts.Slot), maxt - maxt%q.view.slot
}

func (q *querier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	out := &selection{ctx: ctx, querier: q, hints: hints, steps: stepsOf(ctx, hints)}
	out.first, out.last = q.slots(hints)
	for _, find := range []func(context.Context, *selection, []*labels.Matcher) error{q.selectDerived, q.selectStored, q.selectAlerts} {
		if err := find(ctx, out, ms); err != nil {
			return storage.ErrSeriesSet(err)
		}
	}
	out.plan()
	if sortSeries {
		slices.SortFunc(out.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	}
	return &seriesSet{series: out.series, warnings: out.warnings, i: -1}
}

// selectDerived adds the series of the table of names.
func (q *querier) selectDerived(ctx context.Context, out *selection, ms []*labels.Matcher) error {
	for _, f := range q.index.families {
		match := f.match(ms)
		if match.none {
			continue
		}
		var err error
		lb := labels.NewBuilder(labels.EmptyLabels())
		f.find(match.base, func(i int32, base labels.Labels) bool {
			e := &q.index.entries[i]
			if min(q.since(e), e.counted) > out.last {
				return true
			}
			for _, v := range match.variants(e.shape) {
				lb.Reset(base)
				lb.Set(labels.MetricName, v.name)
				if v.label.Name != "" {
					lb.Set(v.label.Name, v.label.Value)
				}
				if err = out.add(i, v, lb.Labels(), unitKey{}); err != nil {
					return false
				}
			}
			return !out.full()
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// since is the earliest event time at which a budget has series that need no data.
func (q *querier) since(e *entry) int64 {
	oldest := q.now - q.view.opts.Retention.Milliseconds()
	return slo.SlotEnd(min(max(e.since, oldest), q.newest()), q.view.opts.Slot)
}

// Close lets go of what was read. Its series cannot be read afterwards.
func (q *querier) Close() error {
	for _, u := range q.held {
		c := u.curve.Swap(nil)
		c.clear()
		q.view.curves.Put(c)
	}
	q.units, q.held = map[unitKey]*unit{}, nil
	if q.ledger == nil {
		return nil
	}
	err := q.ledger.Close()
	q.ledger = nil
	return err
}

// chunkQuerier is a querier whose samples are encoded as they are read.
type chunkQuerier struct{ *querier }

func (q *chunkQuerier) Select(ctx context.Context, sortSeries bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	return storage.NewSeriesSetToChunkSet(q.querier.Select(ctx, sortSeries, hints, ms...))
}

// seriesSet is a slice of series.
type seriesSet struct {
	series   []storage.Series
	warnings annotations.Annotations
	i        int
}

func (s *seriesSet) Next() bool                        { s.i++; return s.i < len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.i] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return s.warnings }

// errTooMany is what a select is answered that matches more series than it may.
func errTooMany(limit int) error {
	return fmt.Errorf("query selects more than %d series of budgets: narrow it by name, slo or service", limit)
}
