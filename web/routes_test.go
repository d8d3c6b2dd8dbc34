package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slowburn/slowburn/slo/govern"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/guard"
	"github.com/slowburn/slowburn/web/steer"
)

const (
	writeSecret = "c4n4ry-write-0123456789"
	gateSecret  = "c4n4ry-gate-0123456789"
	adminSecret = "c4n4ry-admin-0123456789"
	readSecret  = "c4n4ry-read-0123456789"
)

// credential is what a request shows, and which scopes it is good for when all
// four tokens are configured.
type credential struct {
	name   string
	header string
	allows []guard.Scope
	known  bool
}

var credentials = []credential{
	{name: "none", allows: []guard.Scope{guard.Open}},
	{name: "wrong token", header: "Bearer " + writeSecret + "x"},
	{name: "empty token", header: "Bearer "},
	{name: "basic instead", header: "Basic YWRtaW46" + "YWRtaW4=", allows: []guard.Scope{guard.Open}},
	{name: "write", header: "Bearer " + writeSecret, known: true, allows: []guard.Scope{guard.Open, guard.Write}},
	{name: "gate", header: "bearer " + gateSecret, known: true, allows: []guard.Scope{guard.Open, guard.Gate}},
	{name: "read", header: "Bearer " + readSecret, known: true, allows: []guard.Scope{guard.Open, guard.Read}},
	{name: "admin", header: "Bearer " + adminSecret, known: true, allows: []guard.Scope{guard.Open, guard.Read, guard.Write, guard.Gate, guard.Admin}},
}

func tokens(t *testing.T) []guard.Token {
	t.Helper()
	file := filepath.Join(t.TempDir(), "admin")
	if err := os.WriteFile(file, []byte(adminSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []guard.Token{
		{Name: "prometheus", Secret: writeSecret, Scopes: []guard.Scope{guard.Write}},
		{Name: "ci", Secret: gateSecret, Scopes: []guard.Scope{guard.Gate}},
		{Name: "grafana", Secret: readSecret, Scopes: []guard.Scope{guard.Read}},
		{Name: "ops", File: file, Scopes: []guard.Scope{guard.Admin}},
	}
}

var allMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodTrace, "PROPFIND",
}

// TestEveryRouteByMethodAndCredential is made from the route table, so that no
// new route can be forgotten: each method it does not name is 405, each
// credential without its scope 401 or 403, and what is left is served.
func TestEveryRouteByMethodAndCredential(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Tokens = tokens(t)
		everything(t, o)
	})
	var cases int
	for _, route := range f.Routes() {
		path := concrete(route)
		for _, method := range allMethods {
			if servedByAnother(f.Routes(), route, method) {
				continue
			}
			for _, c := range credentials {
				cases++
				r := httptest.NewRequest(method, path, nil)
				r.RemoteAddr = "127.0.0.1:1"
				if c.header != "" {
					r.Header.Set("Authorization", c.header)
				}
				w := httptest.NewRecorder()
				f.ServeHTTP(w, r)
				if err := judge(route, method, c, w.Code); err != nil {
					t.Errorf("%s %s with %s: %v: %s", method, path, c.name, err, w.Body)
				}
				if body := w.Body.String(); strings.Contains(body, "c4n4ry") {
					t.Errorf("%s %s with %s shows a secret: %s", method, path, c.name, body)
				}
			}
		}
	}
	t.Logf("%d cases of %d routes", cases, len(f.Routes()))
}

// TestEveryRouteFromAnotherMachine is the same with no credential configured: what only
// reads is served, all else says who has to decide.
func TestEveryRouteFromAnotherMachine(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { everything(t, o) })
	for _, route := range f.Routes() {
		reads := route.Scope == guard.Open || route.Scope == guard.Read
		for _, method := range route.Methods {
			r := httptest.NewRequest(method, concrete(route), nil) // from 192.0.2.1
			w := httptest.NewRecorder()
			f.ServeHTTP(w, r)
			switch refused := w.Code == http.StatusForbidden; {
			case reads && (refused || w.Code == http.StatusUnauthorized):
				t.Errorf("%s %s: want it served, have %d", method, route.Path, w.Code)
			case !reads && (!refused || !strings.Contains(w.Body.String(), "closed to other machines")):
				t.Errorf("%s %s: want it closed, have %d: %s", method, route.Path, w.Code, w.Body)
			}
			if reads && route.Changes {
				t.Errorf("%s %s changes something and asks for no more than to read", method, route.Path)
			}
		}
	}
}

// everything makes the options those of a slowburn that serves all there is.
func everything(t *testing.T, o *web.Options) {
	t.Helper()
	o.EnableLifecycle = true
	o.Reload = func(context.Context) error { return nil }
	o.Demo = shop{}
	var err error
	o.Routes, err = steer.Routes(steer.Options{
		Policies: func(string, string) []govern.PolicyStatus { return nil },
		Gate: func(context.Context, govern.GateQuery) (*govern.GateAnswer, error) {
			return &govern.GateAnswer{}, nil
		},
		Canary: func(context.Context, govern.CanaryQuery) (*govern.CanaryAnswer, error) {
			return &govern.CanaryAnswer{}, nil
		},
		Mark: func(context.Context, govern.Mark, govern.Author) (*govern.Release, bool, error) {
			return &govern.Release{}, true, nil
		},
		Releases:  func(govern.ReleaseQuery) ([]govern.Release, string) { return nil, "" },
		Forecasts: func(string, string) []govern.Forecast { return nil },
		Override: func(govern.OverrideRequest, govern.Author) (*govern.Override, error) {
			return &govern.Override{}, nil
		},
		Revoke:    func(string, govern.Author) (*govern.Override, error) { return &govern.Override{}, nil },
		Overrides: func(string, bool) []govern.Override { return nil },
		Audit:     func(govern.AuditQuery) ([]govern.Entry, string) { return nil, "" },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shop is the demo's.
type shop struct{}

func (shop) Break(bool)           {}
func (shop) State() web.DemoState { return web.DemoState{} }

// concrete is a path that the route serves.
func concrete(r web.Route) string {
	return strings.NewReplacer("{name}", "job", "{file}", "app.js", "{$}", "").Replace(r.Path)
}

// servedByAnother says whether the path's other route has the method.
func servedByAnother(routes []web.Route, route web.Route, method string) bool {
	for _, r := range routes {
		if r.Path == route.Path && contains(r.Methods, method) && !contains(route.Methods, method) {
			return true
		}
	}
	return false
}

func judge(route web.Route, method string, c credential, status int) error {
	refused := status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusMethodNotAllowed
	switch {
	case !contains(route.Methods, method):
		if status != http.StatusMethodNotAllowed {
			return fmt.Errorf("want 405, have %d", status)
		}
	case contains(c.allows, route.Scope):
		if refused {
			return fmt.Errorf("want it served, have %d", status)
		}
	case c.known && status != http.StatusForbidden:
		return fmt.Errorf("want 403, have %d", status)
	case !c.known && status != http.StatusUnauthorized:
		return fmt.Errorf("want 401, have %d", status)
	}
	return nil
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// TestNothingElseIsServed asks paths that are not in the table.
func TestNothingElseIsServed(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{
		"/debug/pprof/", "/api/v1/admin/tsdb/snapshot", "/api/v1/targets", "/api/v1/otlp/v1/metrics", "/api/v1/features",
		"/api/v1/notifications/live", "/api/v1/openapi.yaml", "/api/v1/status/walreplay", "/api/v1/status/self_metrics",
		"/api/v1/query/", "/-/quit", "/consoles/", "/assets/", "/assets/../index.html", "/assets/..%2findex.html",
		"/assets/%2e%2e/index.html", "/etc/passwd", "/assets/none.js",
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		// net/http answers an unclean path with its clean form, which is asked next.
		if w.Code == http.StatusMovedPermanently || w.Code == http.StatusTemporaryRedirect || w.Code == http.StatusPermanentRedirect {
			path = w.Header().Get("Location")
			w = httptest.NewRecorder()
			f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		}
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: want 404, have %d", path, w.Code)
		}
	}
}

func TestRoutePrefix(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.RoutePrefix = "/slo/" })
	for path, want := range map[string]int{
		"/slo/-/healthy": 200, "/slo/": 200, "/slo/assets/app.js": 200, "/slo/api/v1/label/job/values": 200,
		"/-/healthy": 404, "/slo/nothing": 404, "/": 302,
	} {
		if status, _ := f.ask(t, http.MethodGet, path, nil); status != want {
			t.Errorf("%s: want %d, have %d", path, want, status)
		}
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/", "/nothing", "/metrics", "/api/v1/rules", "/-/reload"} {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			strings.Contains(csp, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, w.Header())
		}
	}
}

func TestAnotherOriginCannotChangeState(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.EnableLifecycle = true })
	for _, route := range f.Routes() {
		if !route.Changes {
			continue
		}
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			status, body := f.ask(t, http.MethodPost, route.Path, nil, func(r *http.Request) { r.Header.Set(header, value) })
			if status != http.StatusForbidden || !strings.Contains(body, "cross_origin") {
				t.Errorf("%s with %s: want 403, have %d %s", route.Path, header, status, body)
			}
		}
		if status, body := f.ask(t, http.MethodPost, route.Path, nil, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }); status == http.StatusForbidden {
			t.Errorf("%s from our own page: have %d %s", route.Path, status, body)
		}
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	base := newFixture(t, nil)
	for name, route := range map[string]web.Route{
		"changes by GET": {Path: "/x", Methods: get, Scope: guard.Admin, Changes: true, Handler: base},
		"no scope":       {Path: "/x", Methods: get, Handler: base},
		"no handler":     {Path: "/x", Methods: get, Scope: guard.Read},
	} {
		_, err := web.New(web.Options{Queryable: base.db, Budgets: statuses, Alerts: alerts, Routes: []web.Route{route}})
		if err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
