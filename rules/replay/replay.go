package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sync/errgroup"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// Options say what to run over which stretch of the past. Objectives, Start and End
// are required.
type Options struct {
	Objectives []*slo.Objective
	// Start, excluded, and End bound the stretch, ms.
	Start, End int64
	// Slot, SourceLabels and GroupLimit are as in rules.Options.
	Slot         time.Duration
	SourceLabels []string
	GroupLimit   int
	// External labels are added to series that lack them, as a Prometheus adds its
	// external_labels to what it sends.
	External labels.Labels
	// Replica labels are removed from series, as the receiver does.
	Replica []string
	// Lookback is how far before Start the newest sample of a series is searched, of
	// which the first one after Start is the increment; default 1 h.
	Lookback time.Duration
	// Span is how much of the past is asked for at a time; default 1 d.
	Span time.Duration
	// Records are those of the engine whose past this is; none by default.
	Records map[string]rules.Record
	// Rows takes every value the engine writes to its ledger: ref stays the same for a
	// series. It is called from one goroutine at a time, in event time per series.
	Rows func(ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error
	// Progress is told how far the run has come, 0–1, from any goroutine.
	Progress func(done float64)
	// Lanes is how many engines share the objectives; default GOMAXPROCS, or 1 if there
	// is somebody to take rows.
	Lanes int
}

func (o *Options) validate() error {
	switch {
	case len(o.Objectives) == 0:
		return errors.New("replay: no objectives")
	case o.End <= o.Start:
		return fmt.Errorf("replay: the end, %s, is not after the start, %s", stamp(o.End), stamp(o.Start))
	}
	return nil
}

func (o *Options) setDefaults() {
	o.Slot = cmp.Or(o.Slot, slo.DefaultSlot)
	o.Lookback = cmp.Or(o.Lookback, time.Hour)
	o.Span = cmp.Or(o.Span, 24*time.Hour)
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	if o.Rows != nil {
		o.Lanes = 1
	}
	o.Lanes = max(1, cmp.Or(o.Lanes, runtime.GOMAXPROCS(0)))
}

func stamp(ts int64) string { return time.UnixMilli(ts).UTC().Format(time.RFC3339) }

// Result is what a run came to.
type Result struct {
	// Alerts are those that would have been sent, in order of firing.
	Alerts []Alert
	// Budgets are all budgets as of the last slot, by objective and groups.
	Budgets []slo.Status
	// Samples and Series are how many were read.
	Samples, Series int64
}

// Run replays the past through the engine.
func Run(ctx context.Context, past storage.Queryable, opts Options) (*Result, error) {
	opts.setDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	f := newFeed(past, &opts)
	if err := f.lookBack(ctx); err != nil {
		return nil, err
	}
	lanes, err := f.openLanes(ctx)
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.run(ctx, lanes) })
	var done atomic.Int64
	for _, l := range lanes {
		g.Go(func() error {
			return l.run(ctx, func(ts int64) {
				// The slowest lane is about half a segment behind the others.
				if n := done.Add(1); int(n)%len(lanes) == 0 {
					opts.Progress(min(1, float64(ts-opts.Start)/float64(opts.End-opts.Start)))
				}
			})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return collect(f, lanes), nil
}

func collect(f *feed, lanes []*lane) *Result {
	r := &Result{Samples: f.samples, Series: int64(len(f.series))}
	for _, l := range lanes {
		r.Alerts = append(r.Alerts, l.pager.sent()...)
		r.Budgets = append(r.Budgets, l.budgets...)
	}
	slices.SortStableFunc(r.Alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(a.FiredAt, b.FiredAt), labels.Compare(a.Labels, b.Labels))
	})
	r.Alerts = slices.CompactFunc(r.Alerts, func(a, b Alert) bool {
		// Several lanes see one source: they say once that it lags.
		return a.Objective == nil && b.Objective == nil && a.FiredAt == b.FiredAt && labels.Equal(a.Labels, b.Labels)
	})
	place := map[string]int{}
	for i, o := range f.opts.Objectives {
		place[o.ID()] = i
	}
	slices.SortStableFunc(r.Budgets, func(a, b slo.Status) int {
		return cmp.Or(place[a.Objective.ID()]-place[b.Objective.ID()], labels.Compare(a.Groups, b.Groups))
	})
	return r
}
