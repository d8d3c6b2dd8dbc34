package steer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/guard"
	"github.com/slowburn/slowburn/web/steer"
)

// ports records what was asked and answers what the test wants.
type ports struct {
	gate    govern.GateQuery
	mark    govern.Mark
	author  govern.Author
	verdict govern.Verdict
	err     error
}

const ciSecret, opsSecret = "0123456789abcdef-ci", "0123456789abcdef-ops"

// serve puts the routes behind the real web side, with a token for CI and one for ops.
func serve(t *testing.T, p *ports) http.Handler {
	t.Helper()
	routes, err := steer.Routes(steer.Options{
		Policies: func(string, string) []govern.PolicyStatus { return nil },
		Gate: func(_ context.Context, q govern.GateQuery) (*govern.GateAnswer, error) {
			p.gate = q
			return &govern.GateAnswer{Service: q.Service, Verdict: p.verdict, Decision: p.verdict}, p.err
		},
		Canary: func(context.Context, govern.CanaryQuery) (*govern.CanaryAnswer, error) {
			return &govern.CanaryAnswer{}, p.err
		},
		Mark: func(_ context.Context, m govern.Mark, a govern.Author) (*govern.Release, bool, error) {
			p.mark, p.author = m, a
			return &govern.Release{Mark: m}, m.Version == "new", p.err
		},
		Releases:  func(govern.ReleaseQuery) ([]govern.Release, string) { return nil, "" },
		Forecasts: func(string, string) []govern.Forecast { return nil },
		Override: func(q govern.OverrideRequest, a govern.Author) (*govern.Override, error) {
			p.author = a
			return &govern.Override{OverrideRequest: q}, p.err
		},
		Revoke:    func(id string, _ govern.Author) (*govern.Override, error) { return &govern.Override{ID: id}, p.err },
		Overrides: func(string, bool) []govern.Override { return nil },
		Audit:     func(govern.AuditQuery) ([]govern.Entry, string) { return nil, "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := web.New(web.Options{
		Queryable: nothing{}, Budgets: func() []slo.Status { return nil }, Alerts: func() []slo.Alert { return nil },
		Tokens: []guard.Token{
			{Name: "ci", Secret: ciSecret, Scopes: []guard.Scope{guard.Gate}},
			{Name: "ops", Secret: opsSecret, Scopes: []guard.Scope{guard.Admin}},
		},
		Routes: routes,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// nothing is a storage without samples.
type nothing struct{}

func (nothing) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }
func (nothing) ChunkQuerier(int64, int64) (storage.ChunkQuerier, error) {
	return storage.NoopChunkedQuerier(), nil
}

func ask(h http.Handler, method, path, body, secret string) (int, string) {
	r := httptest.NewRequest(method, "/api/slo/v1/"+path, strings.NewReader(body))
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestRefusals: whatever is wrong with a request is a 4xx with a code of its own.
func TestRefusals(t *testing.T) {
	h := serve(t, &ports{})
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "gate", "", 400, "bad_parameter"},
		{"GET", "gate?service=a&on_unknown=maybe", "", 400, "bad_parameter"},
		{"GET", "gate?service=a&canary=", "", 400, "bad_parameter"},
		{"GET", "canary?service=a", "", 400, "bad_parameter"},
		{"GET", "canary?service=a&canary=x&alpha=2", "", 400, "bad_parameter"},
		{"GET", "canary?service=a&canary=x&min_events=NaN", "", 400, "bad_parameter"},
		{"GET", "canary?service=a&canary=x&start=1800000000&end=1700000000", "", 400, "times_reversed"},
		{"GET", "releases?start=yesterday", "", 400, "bad_parameter"},
		{"GET", "releases?limit=0", "", 400, "bad_parameter"},
		{"GET", "overrides?ended=perhaps", "", 400, "bad_parameter"},
		{"GET", "audit?start=1800000000&end=1700000000", "", 400, "times_reversed"},
		{"POST", "releases", "", 400, "bad_parameter"},
		{"POST", "releases", "[]", 400, "bad_parameter"},
		{"POST", "releases", `{"service":"a","versoin":"1"}`, 400, "bad_parameter"},
		{"POST", "releases", `{"service":"a","version":"1"} {}`, 400, "bad_parameter"},
		{"POST", "releases", `{"note":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "body_too_large"},
		{"POST", "gate/webhook", "{", 400, "bad_parameter"},
		{"DELETE", "releases", "", 405, "method_not_allowed"},
	} {
		status, body := ask(h, c.method, c.path, c.body, opsSecret)
		var have guard.Error
		if err := json.Unmarshal([]byte(body), &have); err != nil || status != c.status || have.Code != c.code || have.Error == "" {
			t.Errorf("%s %s: want %d %s, have %d %s", c.method, c.path, c.status, c.code, status, body)
		}
	}
}

// TestErrorsOfPorts: a port's error decides the status by its code.
func TestErrorsOfPorts(t *testing.T) {
	p := &ports{}
	h := serve(t, p)
	for err, want := range map[error]string{
		govern.Errorf(govern.CodeUnknownService, "x"):               "404 unknown_service",
		govern.Errorf(govern.CodeFuture, "x"):                       "400 time_in_future",
		govern.Errorf(govern.CodeConflict, "x"):                     "409 conflict",
		govern.Errorf(govern.CodeTooMany, "x"):                      "429 too_many",
		fmt.Errorf("y: %w", govern.Errorf(govern.CodeNoAuthor, "")): "403 no_author",
		errors.New("disk full"):                                     "500 internal",
		context.DeadlineExceeded:                                    "503 unavailable",
	} {
		p.err = err
		status, body := ask(h, "POST", "releases", `{}`, ciSecret)
		var e guard.Error
		if json.Unmarshal([]byte(body), &e); fmt.Sprintf("%d %s", status, e.Code) != want {
			t.Errorf("%v: want %s, have %d %s", err, want, status, body)
		}
	}
}

// TestMark: the author is the token's name, and what was noted before is 200.
func TestMark(t *testing.T) {
	p := &ports{}
	h := serve(t, p)
	if status, body := ask(h, "POST", "releases", `{"service":"a","version":"new","time_ms":5,"type":"canary"}`, ciSecret); status != http.StatusCreated {
		t.Errorf("want 201, have %d %s", status, body)
	}
	if want := (govern.Author{Name: "ci"}); p.author != want {
		t.Errorf("want %v, have %v", want, p.author)
	}
	if want := (govern.Mark{Service: "a", Version: "new", TimeMS: 5, Type: "canary"}); p.mark != want {
		t.Errorf("want %v, have %v", want, p.mark)
	}
	if status, _ := ask(h, "POST", "releases", `{"service":"a","version":"old"}`, opsSecret); status != http.StatusOK {
		t.Errorf("want 200, have %d", status)
	}
	if want := (govern.Author{Name: "ops", Admin: true}); p.author != want {
		t.Errorf("want %v, have %v", want, p.author)
	}
	if status, _ := ask(h, "POST", "releases", `{}`, ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: want 401, have %d", status)
	}
}

// TestWebhook: the status says it all, and what Flagger sends is the question.
func TestWebhook(t *testing.T) {
	p := &ports{}
	h := serve(t, p)
	const hook = `{"name":"checkout","namespace":"shop","phase":"Progressing","checksum":"1","metadata":{"change_type":"canary","slo":"latency"}}`
	for verdict, want := range map[govern.Verdict]int{govern.Pass: 200, govern.Fail: 412, govern.Unknown: 424} {
		p.verdict = verdict
		if status, body := ask(h, "POST", "gate/webhook?on_unknown=fail", hook, ciSecret); status != want {
			t.Errorf("%s: want %d, have %d %s", verdict, want, status, body)
		}
	}
	if p.gate.Service != "checkout" || p.gate.ChangeType != "canary" || p.gate.OnUnknown != govern.Fail || fmt.Sprint(p.gate.SLOs) != "[latency]" {
		t.Errorf("have %+v", p.gate)
	}
	ask(h, "POST", "gate/webhook?service=cart", hook, ciSecret)
	if p.gate.Service != "cart" {
		t.Errorf("the URL says cart, have %s", p.gate.Service)
	}
}

// TestListsAreNeverNull: a page without rows is [] to those who loop over it.
func TestListsAreNeverNull(t *testing.T) {
	h := serve(t, &ports{})
	for _, path := range []string{"policies", "releases?service=a", "annotations", "overrides", "audit"} {
		if status, body := ask(h, "GET", path, "", opsSecret); status != http.StatusOK || strings.Contains(body, "null") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
