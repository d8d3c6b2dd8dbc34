package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web/guard"
	"github.com/slowburn/slowburn/web/promapi"
	"github.com/slowburn/slowburn/web/ui"
)

// Options are the ports and settings of the web side. Queryable, Budgets and
// Alerts are required; everything else has a default or is left out when nil.
type Options struct {
	// Queryable joins raw, ledger and derived series; Exemplars may be nil.
	Queryable storage.SampleAndChunkQueryable
	Exemplars storage.ExemplarQueryable
	// AtSteps marks the context of a select that PromQL looks at by its steps alone,
	// with a lookback; nil if the Queryable has no use for it. derive.AtSteps is one.
	AtSteps func(ctx context.Context, lookback time.Duration) context.Context
	// Write receives remote write. tsdb.Receiver is one.
	Write http.Handler

	// Budgets and Alerts are the engine's snapshots; Alerts also holds those
	// recently resolved, which are not shown.
	Budgets func() []slo.Status
	Alerts  func() []slo.Alert
	// Deliveries are the alerts that went out and whom they went to. alerting.Manager
	// knows both.
	Deliveries func() ([]slo.AlertDelivery, slo.Alertmanagers)
	// Objectives are those in force, Errors what is wrong with the SLO files and
	// the configuration as last read.
	Objectives func() []*slo.Objective
	Errors     func() []*slo.Error

	// Sources are those seen so far.
	Sources func() []Source
	// UI are the built page's files, index.html and assets/; by default those embedded.
	UI fs.FS
	// Demo lets the page break and heal what is watched; nil unless that is a demo.
	Demo Demo
	// Policy is where an objective's policy stands, and who decides; the state is empty
	// before its first evaluation. governance.Book.State is one.
	Policy func(*slo.Objective) (state slo.PolicyState, owner string)

	// Ready says why we are not ready; nil once we are. Until then every route
	// but health, metrics and the page answers 503.
	Ready func() error
	// Reload reads configuration and SLO files again. LastReload is when that was
	// last done and whether it worked.
	Reload     func(context.Context) error
	LastReload func() (at time.Time, ok bool)
	// Shed says that memory is short: queries are then answered 503, before
	// anything else suffers.
	Shed func() bool

	// Alertmanagers in use and dropped by relabelling.
	Alertmanagers  func() (active, dropped []*url.URL)
	ExternalLabels func() labels.Labels
	// ConfigYAML is the running configuration with secrets already hidden.
	ConfigYAML func() string
	// Flags are all flags with their values, secrets hidden.
	Flags map[string]string
	// TSDB is the raw one; HeadChunks its chunks in memory.
	TSDB       promapi.TSDBStats
	HeadChunks func() int64
	// StorageRetention of raw samples as shown in runtimeinfo, such as "15d".
	StorageRetention string
	Build            promapi.Build

	// Sets, then Gatherer, are what /metrics writes.
	Sets     []*metrics.Set
	Gatherer prometheus.Gatherer
	// Metrics takes the web side's own; cmd lists it in Sets. Registerer takes
	// those of upstream's query engine.
	Metrics    *metrics.Set
	Registerer prometheus.Registerer

	// ExternalURL is where users reach us. RoutePrefix is the path before all
	// routes; empty is that of ExternalURL.
	ExternalURL *url.URL
	RoutePrefix string
	// EnableLifecycle opens /-/reload.
	EnableLifecycle bool
	// WebConfigFile is exporter-toolkit's: TLS and basic auth. Empty for none.
	WebConfigFile string
	Tokens        []guard.Token
	// Routes are more routes of others, such as governance's.
	Routes []Route

	Limits Limits
	// Slot is the engine's.
	Slot   time.Duration
	Logger *slog.Logger
	// Now is the wall clock.
	Now func() time.Time
}

// Limits are what the web side may cost. The zero value means the defaults,
// named in each field.
type Limits struct {
	promapi.Limits
	// Concurrency is how many queries run at once, 4; as many more may list
	// series and labels or federate.
	Concurrency int
	// Connections open at once, 512.
	Connections int
	// WriteBody is the largest body of remote write, bytes, 32 MiB: a net under
	// the receiver's own, finer limits.
	WriteBody int64
}

// The limits that need no setting (FAULTS.md row 19).
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	bodyGrace         = 10 * time.Second
	minBodyRate       = 1 << 10 // bytes per second
	formBody          = 128 << 10
	readBody          = 1 << 20
	shutdownTimeout   = 3 * time.Second
)

func (o *Options) validate() error {
	if o.Queryable == nil || o.Budgets == nil || o.Alerts == nil {
		return errors.New("web: want a queryable, budgets and alerts")
	}
	if o.RoutePrefix == "" && o.ExternalURL != nil {
		o.RoutePrefix = o.ExternalURL.Path
	}
	o.RoutePrefix = strings.TrimRight("/"+strings.Trim(o.RoutePrefix, "/"), "/")
	if strings.ContainsAny(o.RoutePrefix, "{} ?#") {
		return fmt.Errorf("web: route prefix %q is not a plain path", o.RoutePrefix)
	}
	o.defaults()
	return nil
}

func (o *Options) defaults() {
	orFunc(&o.Objectives, func() []*slo.Objective { return nil })
	orFunc(&o.Errors, func() []*slo.Error { return nil })
	orFunc(&o.Deliveries, func() (none []slo.AlertDelivery, nobody slo.Alertmanagers) { return none, nobody })
	orFunc(&o.Sources, func() []Source { return nil })
	if o.Policy == nil {
		o.Policy = func(o *slo.Objective) (slo.PolicyState, string) { return "", o.Policy.DecisionOwner("", o) }
	}
	orFunc(&o.Ready, func() error { return nil })
	orFunc(&o.Shed, func() bool { return false })
	orFunc(&o.Now, time.Now)
	orFunc(&o.Reload, func(context.Context) error { return errors.New("nothing to reload") })
	if o.UI == nil {
		o.UI = ui.Files()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Limits.Timeout == 0 {
		o.Limits.Timeout = 30 * time.Second
	}
	if o.Limits.Concurrency == 0 {
		o.Limits.Concurrency = 4
	}
	if o.Limits.Connections == 0 {
		o.Limits.Connections = 512
	}
	if o.Limits.WriteBody == 0 {
		o.Limits.WriteBody = 32 << 20
	}
}

func orFunc[F func() []*slo.Objective | func() []Source | func() []*slo.Error | func() error | func() bool | func() time.Time | func() ([]slo.AlertDelivery, slo.Alertmanagers) | func(context.Context) error](f *F, otherwise F) {
	if *f == nil {
		*f = otherwise
	}
}
