package promapi

import (
	"net/http"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// API is Prometheus's read API. Its methods are http.HandlerFuncs, or return
// them; web mounts each at its path.
type API struct {
	o        Options
	parser   parser.Parser
	upstream http.Handler
	metrics  *apiMetrics
	start    time.Time
}

// Prefix is the path under which Upstream expects its requests.
const Prefix = "/api/v1"

// New makes the API; it starts nothing.
func New(o Options) (*API, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	p := limitedParser{parser.NewParser(parser.Options{})}
	m := newMetrics(o.Metrics)
	return &API{
		o:        o,
		parser:   p,
		upstream: newUpstream(&o, p, newEngine(&o, p, m)),
		metrics:  m,
		start:    o.Now(),
	}, nil
}

// Upstream serves a path of upstream's API as upstream does, parameters bounded.
func (a *API) Upstream(w http.ResponseWriter, r *http.Request) {
	if a.form(w, r) {
		a.upstream.ServeHTTP(w, r)
	}
}

// Raw serves a path of upstream's API whose body is not a form: remote read.
func (a *API) Raw(w http.ResponseWriter, r *http.Request) { a.upstream.ServeHTTP(w, r) }
