package promapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// noOrigin matches no origin: the API sends no CORS headers that allow anything.
// Upstream dereferences it, so it cannot be nil.
var noOrigin = regexp.MustCompile(`^\b$`)

// newUpstream is upstream's whole API behind its own router. What it may be asked
// is decided by web's route table: everything else here is switched off or
// unreachable. Rules, alerts, status and Alertmanagers are served by us, so
// those arguments are nil.
func newUpstream(o *Options, p parser.Parser, e promql.QueryEngine) http.Handler {
	cfg := func() config.Config {
		return config.Config{GlobalConfig: config.GlobalConfig{
			ScrapeInterval:     model.Duration(o.Slot),
			EvaluationInterval: model.Duration(subqueryStep),
			ExternalLabels:     o.ExternalLabels(),
		}}
	}
	var external string
	if o.ExternalURL != nil {
		external = o.ExternalURL.String()
	}
	api := v1.NewAPI(
		e,
		o.Queryable,
		nil, // appender: remote write is tsdb.Receiver's
		o.Exemplars,
		nil, // scrape pools
		func(context.Context) v1.TargetRetriever { return noTargets{} }, // metadata asks for them
		nil, // Alertmanagers: ours
		cfg,
		nil, // flags: ours
		v1.GlobalURLOptions{},
		func(f http.HandlerFunc) http.HandlerFunc { return f }, // ready: web's
		nil,      // TSDB admin: none
		"",       // its directory
		false,    // admin API
		false, 0, // search API
		o.Logger,
		nil, // rules: ours
		o.Limits.MaxSamples,
		readConcurrency,
		readFrameBytes,
		false, // agent
		noOrigin,
		nil,      // runtimeinfo: ours
		nil,      // buildinfo: ours
		nil, nil, // notifications
		prometheus.NewRegistry(), // self_metrics: unreachable
		o.Registerer,
		nil,        // stats renderer: default
		false, nil, // remote write
		false, false, false, // OTLP
		lookback,
		false, // type and unit labels
		false, // append metadata
		nil,   // error codes: default
		nil,   // features: Grafana takes a server that has them for Mimir
		v1.OpenAPIOptions{ExternalURL: external, Version: o.Build.Version},
		p,
		false, // query cost
		o.Limits.Timeout,
	)
	router := route.New().WithPrefix(Prefix)
	api.Register(router)
	return router
}

// Remote read as in Prometheus's flags: 10 at once, frames of 1 MiB. web's pool
// lets fewer through.
const (
	readConcurrency = 10
	readFrameBytes  = 1 << 20
)

// noTargets scrapes nothing.
type noTargets struct{}

func (noTargets) TargetsActive() map[string][]*scrape.Target  { return nil }
func (noTargets) TargetsDropped() map[string][]*scrape.Target { return nil }
func (noTargets) TargetsDroppedCounts() map[string]int        { return nil }
func (noTargets) ScrapePoolConfig(string) (*config.ScrapeConfig, error) {
	return nil, errors.New("slowburn scrapes nothing")
}
