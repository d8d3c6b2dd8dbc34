package steer

import (
	"context"
	"errors"
	"net/http"

	"github.com/slowburn/slowburn/slo/govern"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/guard"
)

// Options are the ports, all required. An error that is a *govern.Error is the
// caller's; any other is ours.
type Options struct {
	// Policies are where the objectives' policies stand; empty arguments select all.
	Policies func(service, slo string) []govern.PolicyStatus
	Gate     func(context.Context, govern.GateQuery) (*govern.GateAnswer, error)
	Canary   func(context.Context, govern.CanaryQuery) (*govern.CanaryAnswer, error)

	// Mark notes a release, or finds that it was noted before.
	Mark     func(context.Context, govern.Mark, govern.Author) (r *govern.Release, created bool, err error)
	Releases func(govern.ReleaseQuery) (page []govern.Release, next string)
	// Forecasts are what another release of the type would cost each objective of
	// the service.
	Forecasts func(service, changeType string) []govern.Forecast

	Override  func(govern.OverrideRequest, govern.Author) (*govern.Override, error)
	Revoke    func(id string, by govern.Author) (*govern.Override, error)
	Overrides func(service string, ended bool) []govern.Override

	Audit func(govern.AuditQuery) (page []govern.Entry, next string)
}

type handlers struct{ Options }

var (
	get  = []string{http.MethodGet}
	post = []string{http.MethodPost}
)

// Routes are those to give to web.Options.Routes.
func Routes(o Options) ([]web.Route, error) {
	if o.Policies == nil || o.Gate == nil || o.Canary == nil || o.Mark == nil || o.Releases == nil || o.Forecasts == nil ||
		o.Override == nil || o.Revoke == nil || o.Overrides == nil || o.Audit == nil {
		return nil, errors.New("steer: a port is missing")
	}
	h := &handlers{o}
	const api = "/api/slo/v1/"
	return []web.Route{
		{Path: api + "policies", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.policies)},
		{Path: api + "gate", Methods: get, Scope: guard.Gate, Pool: web.QueryPool, Handler: http.HandlerFunc(h.gate)},
		{Path: api + "gate/webhook", Methods: post, Scope: guard.Gate, Pool: web.QueryPool, MaxBody: maxBody, Handler: http.HandlerFunc(h.webhook)},
		{Path: api + "canary", Methods: get, Scope: guard.Gate, Pool: web.QueryPool, Handler: http.HandlerFunc(h.canary)},
		{Path: api + "releases", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.releases)},
		{Path: api + "releases", Methods: post, Scope: guard.Gate, Changes: true, MaxBody: maxBody, Handler: http.HandlerFunc(h.mark)},
		{Path: api + "annotations", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.annotations)},
		{Path: api + "overrides", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.overrides)},
		{Path: api + "overrides", Methods: post, Scope: guard.Gate, Changes: true, MaxBody: maxBody, Handler: http.HandlerFunc(h.override)},
		{Path: api + "overrides/revoke", Methods: post, Scope: guard.Gate, Changes: true, MaxBody: maxBody, Handler: http.HandlerFunc(h.revoke)},
		{Path: api + "audit", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.audit)},
	}, nil
}

// author is who asks.
func author(r *http.Request) govern.Author {
	return govern.Author{Name: guard.Caller(r.Context()), Admin: guard.Holds(r.Context(), guard.Admin)}
}
