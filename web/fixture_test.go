package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/promapi"
)

// now is the fixture's wall clock, on the slot grid.
var now = time.UnixMilli(1_800_000_000_000).UTC()

// evil is text that would run, were it ever taken for HTML.
const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`

// built stands for the UI as `make ui` leaves it.
var built = fstest.MapFS{
	"index.html":    {Data: []byte(`<!doctype html><script type="module" src="./assets/app.js"></script>`)},
	"assets/app.js": {Data: []byte(`export {}`)},
}

// fixture is a handler over a real TSDB and two objectives: checkout burns and
// pages, one group of search is named by an attacker.
type fixture struct {
	*web.Handler
	db  *promtsdb.DB
	set *metrics.Set
}

func newFixture(t *testing.T, change func(*web.Options)) *fixture {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.EnableExemplarStorage, opts.MaxExemplars = true, 100
	db, err := promtsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	fill(t, db)
	set := metrics.NewSet()
	o := web.Options{
		Queryable: db, Exemplars: db, TSDB: stats{db}, UI: built,
		Write:      http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		Budgets:    statuses,
		Alerts:     alerts,
		Deliveries: deliveries,
		Objectives: func() []*slo.Objective { return []*slo.Objective{checkout, search} },
		Policy:     func(*slo.Objective) (slo.PolicyState, string) { return slo.PolicyGuarded, "head-of-payments" },
		Alertmanagers: func() (active, dropped []*url.URL) {
			u, _ := url.Parse("http://user:c4n4ry-am-password@am:9093/api/v2/alerts")
			return []*url.URL{u}, nil
		},
		ConfigYAML: func() string { return "alerting:\n  password: <secret>\n" },
		Flags:      map[string]string{"web.listen-address": "127.0.0.1:9797"},
		Build:      promapi.Build{Version: "0.1.0", Revision: "abc"},
		Sets:       []*metrics.Set{set},
		Gatherer:   prometheus.NewRegistry(),
		Metrics:    set,
		Now:        func() time.Time { return now },
	}
	if change != nil {
		change(&o)
	}
	h, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{h, db, set}
}

type stats struct{ db *promtsdb.DB }

func (s stats) Stats(by string, limit int) (*promtsdb.Stats, error) {
	return s.db.Head().Stats(by, limit), nil
}

var checkout = &slo.Objective{
	Service: "checkout", Name: "availability", Target: 0.9995, Tier: "critical", Owner: "payments",
	Windows: []slo.Window{slo.Rolling(30 * 24 * time.Hour)}, Format: slo.FormatNative,
	Rules:   slo.DefaultTiers()["critical"].Rules(slo.Rolling(30 * 24 * time.Hour)),
	Runbook: "javascript:alert(3)",
	Source:  slo.Position{File: "slos/checkout.yml", Line: 3, Column: 5},
}

var search = &slo.Objective{
	Service: "search", Name: "latency", Target: 0.99, Owner: "discovery",
	Windows: []slo.Window{slo.Rolling(7 * 24 * time.Hour)}, Format: slo.FormatNative,
	Rules:  slo.DefaultTiers()["background"].Rules(slo.Rolling(7 * 24 * time.Hour)),
	SLI:    slo.SLI{By: []string{"region"}},
	Source: slo.Position{File: "slos/search.yml", Line: 1},
}

func statuses() []slo.Status {
	page := slo.Pair{Long: time.Hour, Short: 5 * time.Minute, Factor: 14.4}
	region := labels.FromStrings("region", evil)
	return []slo.Status{
		{
			Objective: search, Groups: region, Labels: search.BudgetLabels(region), TS: now.UnixMilli(), State: slo.StateOK,
			Windows: []slo.WindowStatus{{Window: search.Windows[0], Counts: slo.Counts{Total: 1000}, Remaining: 1,
				RemainingEvents: 10, TimeToExhaustion: math.Inf(1), Coverage: 0.5}},
		},
		{
			Objective: checkout, Labels: checkout.BudgetLabels(labels.EmptyLabels()), TS: now.UnixMilli(), Since: 60_000, State: slo.StateBurning,
			Windows: []slo.WindowStatus{{Window: checkout.Windows[0], Counts: slo.Counts{Bad: 300, Total: 1e6, Observed: 9, Expected: 10},
				ErrorRatio: 0.0003, BurnRate: 0.6, Remaining: 0.4, RemainingEvents: 200, TimeToExhaustion: 3600, Coverage: 0.9}},
			Pairs:  []slo.PairStatus{{Severity: slo.SeverityPage, Pair: page, LongBurn: 20, ShortBurn: 40, Holds: true}},
			Alerts: alerts()[:1],
		},
	}
}

func alerts() []slo.Alert {
	return []slo.Alert{
		{
			Labels: labels.FromStrings("alertname", slo.AlertBurn, "severity", "page", "service", "checkout", "slo", "availability"),
			State:  slo.AlertFiring, ActiveAt: now.UnixMilli() - 60_000, FiredAt: now.UnixMilli() - 60_000, Value: 20,
			Annotations: labels.FromStrings("summary", evil),
		},
		{Labels: labels.FromStrings("alertname", slo.AlertWatchdog, "severity", "none"), State: slo.AlertFiring, ActiveAt: now.UnixMilli() - 1000},
		{Labels: labels.FromStrings("alertname", slo.AlertBurn, "severity", "ticket"), State: slo.AlertResolved, ResolvedAt: now.UnixMilli()},
	}
}

// deliveries is the page as two Alertmanagers know it: one took it, one refuses it.
func deliveries() ([]slo.AlertDelivery, slo.Alertmanagers) {
	const a, b = "http://user:c4n4ry-am-password@am:9093/api/v2/alerts", "http://b:9093/api/v2/alerts"
	return []slo.AlertDelivery{{
			Alert: alerts()[0], Stated: now.Add(-time.Minute), Deliveries: []slo.Delivery{
				{Target: a, FiringAcked: now.Add(-59 * time.Second), LastSent: now},
				{Target: b, Refusal: "refused with status 400: too long", RetryAt: now.Add(time.Minute)},
			},
		}}, slo.Alertmanagers{Active: []slo.Alertmanager{
			{URL: a, Set: "alertmanagers[0]", Answers: true, LastAnswer: now, LastAck: now},
			{URL: b, Set: "alertmanagers[0]", LastError: "refused", LastErrorAt: now, Queue: 1, Quarantined: 1},
		}}
}

// fill writes ten minutes of a counter, a burn rate and a series with names that
// only UTF-8 allows.
func fill(t *testing.T, db *promtsdb.DB) {
	t.Helper()
	app := db.Appender(context.Background())
	series := []labels.Labels{
		labels.FromStrings("__name__", "http_requests_total", "job", "shop", "instance", "a:80"),
		labels.FromStrings("__name__", "slo_burn_rate", "service", "checkout", "slo", "availability", "window", "1h"),
		labels.FromStrings("__name__", "slo_burn_rate", "service", "checkout", "slo", "availability", "window", "5m"),
		labels.FromStrings("__name__", "weird.metric", "strange.label", "a\"b\\c\nd", "region", evil),
	}
	for i := range 41 {
		ts := now.UnixMilli() - int64(40-i)*15_000
		for k, lset := range series {
			if _, err := app.Append(0, lset, ts, float64(20+i*(k%3))); err != nil {
				t.Fatal(err)
			}
		}
	}
	ref := storage.SeriesRef(0)
	if _, err := app.AppendExemplar(ref, series[0], exemplar.Exemplar{
		Labels: labels.FromStrings("trace_id", "4bf92f"), Value: 1, Ts: now.UnixMilli() - 15_000, HasTs: true,
	}); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// ask sends one request to the handler and returns status and body.
func (f *fixture) ask(t *testing.T, method, target string, form url.Values, change ...func(*http.Request)) (int, string) {
	t.Helper()
	var body io.Reader
	if method != http.MethodGet && form != nil {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		target += "?" + form.Encode()
	}
	r := httptest.NewRequest(method, target, body)
	r.RemoteAddr = "127.0.0.1:1" // this machine: nobody has said who else may write
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// many is n budgets of one objective.
func many(n int) []slo.Status {
	list := make([]slo.Status, n)
	for i := range list {
		s := statuses()[1]
		s.Groups = labels.FromStrings("tenant", fmt.Sprintf("t%05d", n-i))
		s.Labels = s.Objective.BudgetLabels(s.Groups)
		list[i] = s
	}
	return list
}

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return v
}
