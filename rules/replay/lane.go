package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

const (
	// delay is how long after its event time a batch arrives, ms.
	delay = 1_000
	// settling is for how long the clock goes on after the last sample, at most, until
	// silence has closed every slot, ms.
	settling = 60 * 60_000
)

// lane is one engine, its clock and what it is fed.
type lane struct {
	feed       *feed
	objectives []*slo.Objective
	engine     *rules.Engine
	pager      *pager
	ledger     *ledger
	now        int64 // ms
	refs       []storage.SeriesRef
	budgets    []slo.Status

	segments chan *segment
	spare    chan *segment
}

func (f *feed) openLane(ctx context.Context, objectives []*slo.Objective) (*lane, error) {
	l := &lane{
		feed: f, objectives: objectives, now: f.opts.Start,
		segments: make(chan *segment, 1), spare: make(chan *segment, 2),
	}
	l.spare <- &segment{}
	l.spare <- &segment{}
	l.ledger = newLedger(f.opts, objectives)
	l.pager = newPager(l)
	var err error
	l.engine, err = rules.New(rules.Options{
		Slot: f.opts.Slot, SourceLabels: f.opts.SourceLabels, GroupLimit: f.opts.GroupLimit,
		Raw: f.prior, Past: labelled{f}, Ledger: l.ledger, Store: records(f.opts.Records),
		Notify: l.pager.notify, Lean: true,
		Now: func() time.Time { return time.UnixMilli(l.now) },
	})
	if err != nil {
		return nil, err
	}
	if err := l.engine.LoadRecords(); err != nil {
		return nil, err
	}
	if err := l.engine.Apply(ctx, objectives); err != nil {
		return nil, fmt.Errorf("apply objectives: %w", err)
	}
	if err := l.engine.Restore(ctx); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	return l, nil
}

// records is a store that keeps nothing but what it began with.
type records map[string]rules.Record

func (r records) Load() (map[string]rules.Record, error)     { return r, nil }
func (records) Save(map[string]rules.Record, []string) error { return nil }

// run feeds the engine until there are no more segments, then closes what is open.
func (l *lane) run(ctx context.Context, progress func(ts int64)) error {
	slot := l.feed.opts.Slot.Milliseconds()
	for seg := range l.segments {
		base := seg.start - mod(seg.start, segmentSpan)
		for k := range seg.batches {
			end := base + int64(k+1)*batchSpan
			if end <= seg.start {
				continue
			}
			if end-batchSpan >= seg.end {
				break
			}
			if end%slot != 0 && !seg.arrives(k) {
				continue
			}
			if err := l.step(ctx, seg, k, end); err != nil {
				return err
			}
		}
		progress(seg.end)
		l.spare <- seg
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.settle(ctx)
}

// step takes one batch at the time it would have arrived.
func (l *lane) step(ctx context.Context, seg *segment, k int, end int64) error {
	l.now = end + delay
	if len(seg.batches[k]) > 0 {
		app := l.engine.AppenderV2(ctx)
		for i := range seg.batches[k] {
			x := &seg.batches[k][i]
			ref := l.ref(x.series, seg.series)
			if ref == 0 {
				continue
			}
			if _, err := app.Append(ref, labels.EmptyLabels(), x.st, x.t, x.v, nil, x.h, storage.AppendV2Options{}); err != nil {
				return fmt.Errorf("append %s: %w", seg.series[x.series].lset, err)
			}
		}
		if err := app.Commit(); err != nil {
			return fmt.Errorf("count samples: %w", err)
		}
	}
	if seg.newest != nil {
		for i, t := range seg.newest[k] {
			if t != 0 {
				l.engine.Observe(seg.sources[i], t)
			}
		}
	}
	return l.tick(ctx)
}

func (l *lane) tick(ctx context.Context) error {
	for again := true; again; again = l.engine.Ask(ctx) {
		if err := l.engine.Tick(ctx, l.now); err != nil {
			return fmt.Errorf("evaluate at %s: %w", stamp(l.now), err)
		}
		l.pager.look()
	}
	return ctx.Err()
}

// ref is the engine's reference for a series.
func (l *lane) ref(series int32, known []fedSeries) storage.SeriesRef {
	for int(series) >= len(l.refs) {
		l.refs = append(l.refs, unbound)
	}
	if l.refs[series] == unbound {
		l.refs[series] = l.engine.Bind(known[series].lset, true)
	}
	return l.refs[series]
}

const unbound = ^storage.SeriesRef(0)

// settle lets the clock run on until silence has closed every slot. Whatever it
// makes of the silence itself did not happen.
func (l *lane) settle(ctx context.Context) error {
	slot := l.feed.opts.Slot.Milliseconds()
	for end := l.now + settling; l.now < end && !l.closed(); {
		l.now += slot
		if err := l.tick(ctx); err != nil {
			return err
		}
	}
	l.ledger.end()
	l.engine.Refresh()
	l.budgets = l.engine.Status()
	return nil
}

func (l *lane) closed() bool {
	for _, s := range l.engine.Sources() {
		if s.Closed < slo.SlotEnd(s.Newest, l.feed.opts.Slot) {
			return false
		}
	}
	return true
}
