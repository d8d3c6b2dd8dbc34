package derive

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// Options are what a View needs beside the ledger. Catalogue is required.
type Options struct {
	// Catalogue returns all budgets. The slice and what it points to are never
	// changed afterwards; a new catalogue is a new slice.
	Catalogue func() []*slo.Budget
	// Slot is the length of a slot; default slo.DefaultSlot.
	Slot time.Duration
	// MaxSeries is how many series one Select may return; default 200,000.
	MaxSeries int
	// MaxHeld is how many counter values a querier holds in memory, 8 bytes each;
	// default 8 Mi. The newest budget read is held even if it has more.
	MaxHeld int
	// Settle is for how long a slot without a row may still get one; only then it is
	// a gap. Default 2 min: beyond that a source counts as lagging.
	Settle time.Duration
	// Retention is how far back the series that need no data reach, such as
	// slo_info; default 400 d.
	Retention time.Duration
	// Now is the wall clock in ms; default time.Now.
	Now func() int64
	// Metrics is where the view's own metrics go; may be nil.
	Metrics *metrics.Set
}

func (o *Options) setDefaults() {
	if o.Slot == 0 {
		o.Slot = slo.DefaultSlot
	}
	if o.MaxSeries == 0 {
		o.MaxSeries = 200_000
	}
	if o.MaxHeld == 0 {
		o.MaxHeld = 8 << 20
	}
	if o.Settle == 0 {
		o.Settle = 2 * time.Minute
	}
	if o.Retention == 0 {
		o.Retention = 400 * 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().UnixMilli() }
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
}

func (o *Options) validate() error {
	switch {
	case o.Catalogue == nil:
		return errors.New("derive: Catalogue is required")
	case o.Slot < time.Second || time.Minute%o.Slot != 0:
		return fmt.Errorf("derive: slot %s does not divide a minute", o.Slot)
	case o.MaxSeries < 0 || o.MaxHeld < 0:
		return fmt.Errorf("derive: MaxSeries %d or MaxHeld %d is negative", o.MaxSeries, o.MaxHeld)
	}
	return nil
}

// View serves budgets as series. It may be used from any goroutine; a Querier from
// one at a time, as everywhere in Prometheus.
type View struct {
	ledger  storage.Queryable
	opts    Options
	slot    int64 // ms
	metrics *viewMetrics

	mu    sync.Mutex // held while an index is built
	index atomic.Pointer[index]

	rooms  sync.Pool // of *room
	curves sync.Pool // of *curve, empty
}

var _ storage.SampleAndChunkQueryable = (*View)(nil)

// New returns a view of the ledger. If ledger is a storage.ChunkQueryable too, old
// counter values are found without decoding what lies between.
func New(ledger storage.Queryable, opts Options) (*View, error) {
	opts.setDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if ledger == nil {
		return nil, errors.New("derive: ledger is required")
	}
	return &View{
		ledger:  ledger,
		opts:    opts,
		slot:    opts.Slot.Milliseconds(),
		metrics: newMetrics(opts.Metrics),
		rooms:   sync.Pool{New: func() any { return &room{} }},
		curves:  sync.Pool{New: func() any { return &curve{} }},
	}, nil
}

// Querier reads event times mint to maxt, both in ms and included.
func (v *View) Querier(mint, maxt int64) (storage.Querier, error) {
	return v.querier(mint, maxt), nil
}

// ChunkQuerier is Querier with the samples encoded.
func (v *View) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return &chunkQuerier{v.querier(mint, maxt)}, nil
}

func (v *View) querier(mint, maxt int64) *querier {
	return &querier{
		view:  v,
		index: v.currentIndex(),
		now:   v.opts.Now(),
		mint:  mint,
		maxt:  maxt,
		units: map[unitKey]*unit{},
	}
}

// currentIndex returns the index of the present catalogue, building it if the
// catalogue is another slice than last time.
func (v *View) currentIndex() *index {
	budgets := v.opts.Catalogue()
	same := func(x *index) bool {
		return x != nil && len(x.budgets) == len(budgets) && unsafe.SliceData(x.budgets) == unsafe.SliceData(budgets)
	}
	if x := v.index.Load(); same(x) {
		return x
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if x := v.index.Load(); same(x) {
		return x
	}
	x := newIndex(budgets)
	v.index.Store(x)
	v.metrics.indexBuilds.Inc()
	return x
}
