package tsdb

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Which series a Receiver keeps.
const (
	// KeepSLO keeps those that Bind gives a reference.
	KeepSLO = "slo"
	// KeepAll keeps all.
	KeepAll = "all"
)

// ReceiverOptions tune a Receiver. Store is required, and Bind if Keep is slo.
type ReceiverOptions struct {
	// Store takes the samples.
	Store *DB
	// Sink gets the stored samples of bound series, after Store has committed them
	// and in each source's order. Labels are empty there. nil: nobody does.
	Sink storage.AppendableV2
	// Bind gives the reference under which the sink knows a series, 0 if nobody
	// reads it; held says whether Store may hold samples of it. Unbind says that the
	// receiver has forgotten one.
	Bind   func(lset labels.Labels, held bool) storage.SeriesRef
	Unbind func(storage.SeriesRef)
	// Counter says whether the sink counts what a bound series gains, so that its fall
	// is a reset; known is false if it cannot tell. nil: it never can.
	Counter func(storage.SeriesRef) (is, known bool)
	// Keep is KeepSLO or KeepAll; empty is KeepSLO.
	Keep string
	// Also says which series are kept besides, though no objective reads them; nil: none.
	Also func(labels.Labels) bool
	// SourceLabels tell sources apart: cluster and prometheus if nil. ReplicaLabels
	// tell a source's replicas apart and are removed: prometheus_replica and
	// __replica__ if nil.
	SourceLabels, ReplicaLabels []string
	// Failover is how long the elected replica of a source may be silent before
	// another takes its place; 0: DefaultFailover.
	Failover time.Duration
	// Elections remembers who is elected; nil: nobody does.
	Elections ElectionStore
	// Switched hears that another replica of a source was elected, before the sink
	// gets its first samples and under the source's lock; nil: nobody does.
	Switched func(source string)
	// Limits bound what requests may cost.
	Limits Limits
	// Metrics gets slowburn_ingest_*; nil: a set of its own.
	Metrics *metrics.Set
	// Logger; nil: silence.
	Logger *slog.Logger
	// Now is the wall clock and Monotonic one that is never set; nil: the system's.
	Now       func() time.Time
	Monotonic func() time.Duration
}

func (o *ReceiverOptions) validate() error {
	o.Keep = orDefault(o.Keep, KeepSLO)
	switch {
	case o.Store == nil:
		return errors.New("tsdb: ReceiverOptions.Store is nil")
	case o.Keep != KeepSLO && o.Keep != KeepAll:
		return fmt.Errorf("tsdb: ReceiverOptions.Keep is %q, want %s or %s", o.Keep, KeepSLO, KeepAll)
	case o.Keep == KeepSLO && o.Bind == nil:
		return errors.New("tsdb: ReceiverOptions.Bind is nil, so nothing would be kept")
	}
	if o.SourceLabels == nil {
		o.SourceLabels = []string{"cluster", "prometheus"}
	}
	if o.ReplicaLabels == nil {
		o.ReplicaLabels = []string{"prometheus_replica", "__replica__"}
	}
	o.Failover = orDefault(o.Failover, DefaultFailover)
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Monotonic == nil {
		begin := time.Now()
		o.Monotonic = func() time.Duration { return time.Since(begin) }
	}
	o.Limits.fill()
	return nil
}
