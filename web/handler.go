package web

import (
	"net/http"
	"slices"

	"github.com/slowburn/slowburn/web/guard"
	"github.com/slowburn/slowburn/web/promapi"
)

// Handler serves everything. It is an http.Handler for tests and embedding; in
// production Run serves it, since basic auth, TLS and the limit of connections
// live there.
type Handler struct {
	o       Options
	prom    *promapi.API
	metrics *webMetrics
	auth    *guard.Auth
	conns   *guard.Conns
	// queries and selects are the slots of the two pools; the engine uses neither.
	queries, selects *guard.Pool
	sameOrigin       func(http.Handler) http.Handler
	table            []Route
	root             http.Handler
	requests         inflight
}

// New checks the options and builds the handler; it starts nothing.
func New(o Options) (*Handler, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	h := &Handler{o: o, metrics: newMetrics(o.Metrics, o.Logger)}
	var err error
	if h.auth, err = guard.NewAuth(o.Tokens, o.WebConfigFile, h.metrics.rejected); err != nil {
		return nil, err
	}
	h.auth.Stale = h.metrics.staleCert.Inc
	if h.sameOrigin, err = guard.CrossOrigin(o.ExternalURL); err != nil {
		return nil, err
	}
	if h.prom, err = promapi.New(promOptions(&o)); err != nil {
		return nil, err
	}
	h.conns = guard.NewConns(o.Limits.Connections, h.metrics.connClosed)
	h.queries = guard.NewPool(o.Limits.Concurrency, o.Limits.Timeout)
	h.selects = guard.NewPool(o.Limits.Concurrency, o.Limits.Timeout)
	h.queries.Rejected, h.selects.Rejected = h.metrics.noSlot.Inc, h.metrics.noSlot.Inc
	h.metrics.watch(o.Metrics, h)
	h.table = h.routes()
	mux, err := h.mux(h.table)
	if err != nil {
		return nil, err
	}
	h.root = h.requests.handler(h.conns.Handler(guard.Headers(mux)))
	return h, nil
}

// Routes is the table of all we serve, under the route prefix.
func (h *Handler) Routes() []Route { return slices.Clone(h.table) }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.root.ServeHTTP(w, r) }

func promOptions(o *Options) promapi.Options {
	return promapi.Options{
		Queryable: o.Queryable, Exemplars: o.Exemplars, AtSteps: o.AtSteps,
		Budgets: o.Budgets, Alerts: o.Alerts,
		Alertmanagers: o.Alertmanagers, ExternalLabels: o.ExternalLabels,
		ConfigYAML: o.ConfigYAML, Flags: o.Flags,
		TSDB: o.TSDB, HeadChunks: o.HeadChunks,
		LastReload: o.LastReload, StorageRetention: o.StorageRetention,
		Build: o.Build, ExternalURL: o.ExternalURL,
		Slot: o.Slot, Limits: o.Limits.Limits,
		Metrics: o.Metrics, Registerer: o.Registerer,
		Logger: o.Logger, Now: o.Now,
	}
}
