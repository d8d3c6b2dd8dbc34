package promapi

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/slo"
)

// TSDBStats tells the cardinality of a TSDB's head. It models upstream's
// *tsdb.DB's Head behind one method.
type TSDBStats interface {
	Stats(statsByLabelName string, limit int) (*promtsdb.Stats, error)
}

// Limits bound a single query; how many run at once is web's.
type Limits struct {
	// Timeout of a query, waiting for a slot included.
	Timeout time.Duration
	// MaxSamples that a query may hold in memory at once.
	MaxSamples int
	// MaxSeries, label names or values in one answer.
	MaxSeries int
	// SubqueryPoints is how many steps one subquery may have. 200,000 lets
	// [30d:15s] through.
	SubqueryPoints int64
}

// Build says which slowburn this is.
type Build struct {
	Version, Revision, Branch, User, Date string
}

// Options are the ports and settings of the API. Queryable, Budgets and Alerts
// are required.
type Options struct {
	// Queryable joins raw, ledger and derived series.
	Queryable storage.SampleAndChunkQueryable
	// AtSteps marks the context of a select that PromQL looks at by its steps alone,
	// with a lookback; nil if the Queryable has no use for it. derive.AtSteps is one.
	AtSteps func(ctx context.Context, lookback time.Duration) context.Context
	// Exemplars may be nil: then there are none.
	Exemplars storage.ExemplarQueryable
	// Budgets and Alerts are the engine's snapshots.
	Budgets func() []slo.Status
	Alerts  func() []slo.Alert

	Alertmanagers  func() (active, dropped []*url.URL)
	ExternalLabels func() labels.Labels
	// ConfigYAML is the running configuration without secrets.
	ConfigYAML func() string
	Flags      map[string]string
	TSDB       TSDBStats
	// HeadChunks of the raw TSDB, for status/tsdb.
	HeadChunks func() int64
	// LastReload is when the configuration was last read and whether that worked.
	LastReload func() (at time.Time, ok bool)
	// StorageRetention is shown in runtimeinfo, such as "15d".
	StorageRetention string
	Build            Build
	ExternalURL      *url.URL
	// Slot is how often rules are evaluated.
	Slot   time.Duration
	Limits Limits

	// Metrics takes our own, Registerer upstream's engine's; nil for none.
	Metrics    *metrics.Set
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

func (o *Options) validate() error {
	switch {
	case o.Queryable == nil:
		return errors.New("promapi: no queryable")
	case o.Budgets == nil, o.Alerts == nil:
		return errors.New("promapi: no budgets or alerts")
	}
	o.defaults()
	return nil
}

func (o *Options) defaults() {
	if o.Exemplars == nil {
		o.Exemplars = noExemplars{}
	}
	if o.Alertmanagers == nil {
		o.Alertmanagers = func() (active, dropped []*url.URL) { return nil, nil }
	}
	if o.ExternalLabels == nil {
		o.ExternalLabels = labels.EmptyLabels
	}
	if o.ConfigYAML == nil {
		o.ConfigYAML = func() string { return "" }
	}
	if o.Flags == nil {
		o.Flags = map[string]string{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LastReload == nil {
		start := o.Now()
		o.LastReload = func() (time.Time, bool) { return start, true }
	}
	if o.HeadChunks == nil {
		o.HeadChunks = func() int64 { return 0 }
	}
	if o.Slot == 0 {
		o.Slot = slo.DefaultSlot
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	o.Limits.defaults()
}

func (l *Limits) defaults() {
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	if l.MaxSamples == 0 {
		l.MaxSamples = 10_000_000
	}
	if l.MaxSeries == 0 {
		l.MaxSeries = 100_000
	}
	if l.SubqueryPoints == 0 {
		l.SubqueryPoints = 200_000
	}
}
