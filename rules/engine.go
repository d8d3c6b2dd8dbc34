package rules

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/match"
	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/rules/trace"
	"github.com/slowburn/slowburn/slo"
)

// Options are what an Engine needs from outside. Raw, Ledger, Store and Now are
// required.
type Options struct {
	// Slot is the length of a slot: 15, 30 or 60 s.
	Slot time.Duration
	// Grace is how far a source's event time must have passed a slot's end before
	// the slot closes; default 10 s. CatchUpGrace holds while the source lags wall
	// time by more than CatchUpLag; defaults 5 min and 2 min.
	Grace, CatchUpGrace, CatchUpLag time.Duration
	// SourceLabels tell sources apart; their values are joined by "/".
	SourceLabels []string
	// GroupLimit is how many groups one objective may have before new ones share
	// the group __overflow__; default 500.
	GroupLimit int

	// Raw holds the samples as stored, for neighbours not in memory and for Restore.
	Raw storage.Queryable
	// Damaged says that Raw has lost samples to damage on the disk since the last start.
	Damaged bool
	// Past is what free queries read; default Raw. Queries bounds them, and QueryRound,
	// in wall time, all of those of one minute together; 0: not.
	Past       storage.Queryable
	Queries    query.Limits
	QueryRound time.Duration
	// Ledger is the ledger TSDB.
	Ledger LedgerDB
	// Position is the raw TSDB's WAL position, and Since reads the samples stored
	// after one, in order of arrival. Either may be nil: then samples that arrived
	// late just before a crash are not recovered.
	Position func() int64
	Since    func(pos int64, fn func(lset labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) error) error
	// Checkpoint is the file that makes starts fast; empty: there is none.
	Checkpoint string
	// Store keeps alert states and generations across restarts.
	Store Store
	// Notify takes the level of all alerts that fire, and those resolved a short
	// while ago. alerting.Manager.Set is one.
	Notify func([]slo.Alert)

	// Acknowledged says whether every Alertmanager that can be reached has been told
	// of the alert with these labels; nil: always.
	Acknowledged func(labels.Labels) bool

	// Decision is who decides about an objective now, and what its policy says to do, for
	// the annotations of its alerts; nil: the policy's owner for a healthy budget.
	Decision func(*slo.Objective) (owner, text string)

	// Traces finds an example of what a budget loses, for the annotations of its alerts;
	// nil: none.
	Traces *trace.Finder
	// ExternalLabels are those that delivery puts on every alert, for templates; nil: none.
	ExternalLabels func() labels.Labels
	// TemplateFailed is told when an annotation of an alert cannot be expanded: once, until
	// the error is another.
	TemplateFailed func(alert labels.Labels, annotation string, err error)
	// Names are the metrics that senders told of, kept or not, for hints at what a selector
	// without series meant; nil: none.
	Names func() []string

	// Restoring is told what Restore is at, and which share of it is done, 0–1; nil: nobody
	// asks. It is called often.
	Restoring func(what string, share float64)

	// CountPast says that somebody counts the past of new objectives (Pasts, TakePast).
	CountPast bool

	// Lean evaluates budgets whole only where an alert may come of it, and states alerts
	// only when they change: in replay nobody reads them in between. Refresh makes up
	// for it.
	Lean bool

	// Now is the wall clock.
	Now func() time.Time
	// ExternalURL leads to slowburn's own pages, without a slash at the end.
	ExternalURL string
	// Instance names this slowburn on SLOWatchdog.
	Instance string
	// Metrics is where the engine's own metrics go; may be nil.
	Metrics *metrics.Set
}

// LedgerDB is the ledger TSDB.
type LedgerDB interface {
	storage.Queryable
	storage.AppendableV2
}

// Store keeps records by key, each Save in one durable transaction. A
// state.Bucket[Record] is one.
type Store interface {
	Load() (map[string]Record, error)
	Save(put map[string]Record, del []string) error
}

func (o *Options) validate() error {
	switch {
	case o.Raw == nil || o.Ledger == nil || o.Store == nil:
		return errors.New("rules: Raw, Ledger and Store are required")
	case o.Now == nil:
		return errors.New("rules: Now is required")
	case o.Slot != 15*time.Second && o.Slot != 30*time.Second && o.Slot != time.Minute:
		return fmt.Errorf("rules: slot %s: want 15s, 30s or 60s", o.Slot)
	}
	return nil
}

func (o *Options) setDefaults() {
	if o.Slot == 0 {
		o.Slot = slo.DefaultSlot
	}
	if o.Restoring == nil {
		o.Restoring = func(string, float64) {}
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.CatchUpGrace == 0 {
		o.CatchUpGrace = 5 * time.Minute
	}
	if o.CatchUpLag == 0 {
		o.CatchUpLag = 2 * time.Minute
	}
	if o.GroupLimit == 0 {
		o.GroupLimit = 500
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Acknowledged == nil {
		o.Acknowledged = func(labels.Labels) bool { return true }
	}
	if o.Decision == nil {
		o.Decision = func(o *slo.Objective) (string, string) { return o.Policy.DecisionOwner(slo.PolicyHealthy, o), "" }
	}
	if o.ExternalLabels == nil {
		o.ExternalLabels = labels.EmptyLabels
	}
	if o.TemplateFailed == nil {
		o.TemplateFailed = func(labels.Labels, string, error) {}
	}
	if o.Names == nil {
		o.Names = func() []string { return nil }
	}
	if o.Past == nil {
		o.Past = o.Raw
	}
	if o.Notify == nil {
		o.Notify = func([]slo.Alert) {}
	}
}

// Engine counts events into ledgers and states alerts. Appenders and readers may
// be used from any goroutine; Tick, Apply and Restore from one at a time.
type Engine struct {
	opts    Options
	slot    int64 // ms
	metrics *engineMetrics

	// mu guards the binding: objectives, budgets, sources and the series table.
	// Appenders hold it for reading while they apply a batch; it is taken before a
	// source's lock.
	mu         sync.RWMutex
	objectives map[string]*objective
	ordered    []*objective
	index      *match.Index[termRef]
	evidence   *trace.Index
	sources    map[string]*source
	series     []*series // by ref − 1
	free       []storage.SeriesRef
	byLabels   map[uint64]*series // by the hash of their labels
	terms      []termRef          // scratch of bind

	// tick serialises Tick, Apply and Restore, which alone touch histories, alert
	// states and records.
	tick    sync.Mutex
	records *records
	known   map[string]*ObjectiveRecord // by objective ID, retired ones too
	stored  storedState
	outset  bool  // nothing had ever arrived when this process began
	watched int64 // wall time of the last look at what did not arrive, ms
	expired int64 // wall time of the last look for idle groups, ms
	started int64 // wall time of New, ms
	// fedInTick is what some series feeds, once it was asked for in this tick.
	fedInTick *fed
	alerts    *alertBook
	written   alertWriter
	traces    trace.Links // as of the last level
	url       *url.URL    // ExternalURL
	restored  atomic.Bool
	wake      chan struct{}

	clues clues

	asker *query.Asker
	// asking serialises Ask; due wakes the goroutine that calls it.
	asking sync.Mutex
	due    chan struct{}

	catalogue atomic.Pointer[[]*slo.Budget]
	level     atomic.Pointer[[]slo.Alert]
	pastDone  atomic.Uint64 // bits of how far the counting of pasts has come
	lastTick  atomic.Int64  // wall ms of the last evaluation that went through
}

// New returns an engine without objectives. It starts nothing.
func New(opts Options) (*Engine, error) {
	opts.setDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	e := &Engine{
		opts:       opts,
		slot:       opts.Slot.Milliseconds(),
		objectives: map[string]*objective{},
		index:      newIndex(nil),
		evidence:   trace.NewIndex(nil),
		sources:    map[string]*source{},
		byLabels:   map[uint64]*series{},
		records:    newRecords(opts.Store),
		known:      map[string]*ObjectiveRecord{},
		stored:     storedState{alerts: map[string]*AlertRecord{}, sources: map[string]*SourceRecord{}},
		wake:       make(chan struct{}, 1),
		due:        make(chan struct{}, 1),
		asker:      query.New(opts.Queries),
	}
	var err error
	if e.url, err = url.Parse(opts.ExternalURL); err != nil {
		return nil, fmt.Errorf("rules: ExternalURL: %w", err)
	}
	e.alerts = newAlertBook()
	e.started = opts.Now().UnixMilli()
	e.metrics = newMetrics(opts.Metrics, e)
	return e, nil
}

// Run closes slots and evaluates budgets until ctx ends, whenever an appender
// says that there is something to do and at least once a second. It writes the
// checkpoint now and then, and at its end.
func (e *Engine) Run(ctx context.Context) error {
	var asking sync.WaitGroup
	asking.Go(func() { e.askUntil(ctx) })
	defer asking.Wait()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	checkpoint := time.NewTicker(CheckpointEvery)
	defer checkpoint.Stop()
	for {
		select {
		case <-ctx.Done():
			return e.WriteCheckpoint()
		case <-checkpoint.C:
			if err := e.WriteCheckpoint(); err != nil {
				e.metrics.checkpointErrors.Inc()
			}
			continue
		case <-e.wake:
		case <-ticker.C:
		}
		if err := e.Tick(ctx, e.opts.Now().UnixMilli()); err != nil && ctx.Err() == nil {
			e.metrics.tickErrors.Inc()
		}
	}
}

func (e *Engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
