package web

import (
	"net/http"

	"github.com/slowburn/slowburn/web/guard"
)

// routes is the one table of all we serve; what is not in it does not exist.
// Paths under /api/v1 are Prometheus's.
func (h *Handler) routes() []Route {
	p, up := h.prom, http.HandlerFunc(h.prom.Upstream)
	routes := []Route{
		{Path: "/api/v1/query", Methods: getPost, Scope: guard.Read, Pool: QueryPool, Handler: up},
		{Path: "/api/v1/query_range", Methods: getPost, Scope: guard.Read, Pool: QueryPool, Handler: up},
		{Path: "/api/v1/query_exemplars", Methods: getPost, Scope: guard.Read, Pool: SelectPool, Handler: http.HandlerFunc(p.Exemplars)},
		{Path: "/api/v1/format_query", Methods: getPost, Scope: guard.Read, Pool: SelectPool, Handler: up},
		{Path: "/api/v1/parse_query", Methods: getPost, Scope: guard.Read, Pool: SelectPool, Handler: up},
		{Path: "/api/v1/labels", Methods: getPost, Scope: guard.Read, Pool: SelectPool, Handler: up},
		{Path: "/api/v1/label/{name}/values", Methods: get, Scope: guard.Read, Pool: SelectPool, Handler: up},
		{Path: "/api/v1/series", Methods: getPost, Scope: guard.Read, Pool: SelectPool, Handler: up},
		{Path: "/api/v1/metadata", Methods: get, Scope: guard.Read, Handler: up},
		{Path: "/api/v1/read", Methods: post, Scope: guard.Read, Pool: SelectPool, MaxBody: readBody, Handler: http.HandlerFunc(p.Raw)},
		{Path: "/api/v1/rules", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.Rules)},
		{Path: "/api/v1/alerts", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.Alerts)},
		{Path: "/api/v1/alertmanagers", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.Alertmanagers)},
		{Path: "/api/v1/status/buildinfo", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.BuildInfo)},
		{Path: "/api/v1/status/runtimeinfo", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.RuntimeInfo)},
		{Path: "/api/v1/status/flags", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.Flags)},
		{Path: "/api/v1/status/config", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(p.Config)},
		{Path: "/api/v1/status/tsdb", Methods: get, Scope: guard.Read, Pool: SelectPool, Handler: http.HandlerFunc(p.TSDB)},
		{Path: "/federate", Methods: get, Scope: guard.Read, Pool: SelectPool, Handler: http.HandlerFunc(p.Federate)},

		{Path: "/api/slo/v1/objectives", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.objectives)},
		{Path: "/api/slo/v1/budgets", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.budgets)},
		{Path: "/api/slo/v1/alerts", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.alerts)},
		{Path: "/api/slo/v1/summary", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.summary)},
		{Path: "/api/slo/v1/standing", Methods: get, Scope: guard.Read, Early: true, Handler: http.HandlerFunc(h.standing)},
		{Path: "/api/slo/v1/status", Methods: get, Scope: guard.Read, Early: true, Handler: http.HandlerFunc(h.status)},

		{Path: "/-/healthy", Methods: getHead, Scope: guard.Open, Early: true, Handler: http.HandlerFunc(h.healthy)},
		{Path: "/-/ready", Methods: getHead, Scope: guard.Open, Early: true, Handler: http.HandlerFunc(h.ready)},
		{Path: "/-/reload", Methods: postPut, Scope: guard.Admin, Changes: true, Handler: http.HandlerFunc(h.reload)},
		{Path: "/metrics", Methods: getHead, Scope: guard.Read, Early: true, Handler: http.HandlerFunc(h.metricsPage)},
	}
	if h.o.Write != nil {
		routes = append(routes, Route{Path: "/api/v1/write", Methods: post, Scope: guard.Write, Changes: true,
			MaxBody: h.o.Limits.WriteBody, Handler: h.o.Write})
	}
	routes = append(routes, h.pageRoutes()...)
	routes = append(routes, h.demoRoutes()...)
	return append(routes, h.o.Routes...)
}
