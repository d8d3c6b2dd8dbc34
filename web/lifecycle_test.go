package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

func TestNotReadySaysWhyAndServesNothingElse(t *testing.T) {
	var notReady error = errors.New("replaying the WAL, 12 of 40 segments")
	f := newFixture(t, func(o *web.Options) {
		o.Ready = func() error { return notReady }
		budgets := o.Budgets
		o.Budgets = func() []slo.Status {
			if notReady != nil {
				t.Error("budgets read before ready")
			}
			return budgets()
		}
	})
	for _, path := range []string{"/-/ready", "/api/v1/query?query=1", "/api/slo/v1/budgets", "/federate"} {
		if status, body := f.ask(t, http.MethodGet, path, nil); status != http.StatusServiceUnavailable || !strings.Contains(body, "12 of 40") {
			t.Errorf("%s: have %d %s", path, status, body)
		}
	}
	if status, _ := f.ask(t, http.MethodPost, "/api/v1/write", nil); status != http.StatusServiceUnavailable {
		t.Errorf("write: have %d", status)
	}
	for _, path := range []string{"/-/healthy", "/metrics", "/", "/assets/app.js"} {
		if status, body := f.ask(t, http.MethodGet, path, nil); status != http.StatusOK {
			t.Errorf("%s: have %d %s", path, status, body)
		}
	}
	notReady = nil
	for _, path := range []string{"/-/ready", "/api/v1/query?query=1", "/"} {
		if status, body := f.ask(t, http.MethodGet, path, nil); status != http.StatusOK {
			t.Errorf("%s once ready: have %d %s", path, status, body)
		}
	}
}

func TestReload(t *testing.T) {
	var reloads int
	var fault error
	change := func(o *web.Options) {
		o.EnableLifecycle = true
		o.Reload = func(context.Context) error { reloads++; return fault }
	}
	f := newFixture(t, change)
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		if status, body := f.ask(t, method, "/-/reload", nil); status != http.StatusOK {
			t.Errorf("%s: have %d %s", method, status, body)
		}
	}
	if status, _ := f.ask(t, http.MethodGet, "/-/reload", nil); status != http.StatusMethodNotAllowed || reloads != 2 {
		t.Errorf("GET: have %d, %d reloads", status, reloads)
	}
	fault = errors.New("slowburn.yml:3:1: unknown key \"alertng\"")
	if status, body := f.ask(t, http.MethodPost, "/-/reload", nil); status != http.StatusInternalServerError || !strings.Contains(body, fault.Error()) {
		t.Errorf("broken file: have %d %s", status, body)
	}
	if have := f.set.GetOrCreateCounter("slowburn_http_reload_failures_total").Get(); have != 1 {
		t.Errorf("want 1 failed reload counted, have %d", have)
	}
	off := newFixture(t, func(o *web.Options) { change(o); o.EnableLifecycle = false })
	if status, body := off.ask(t, http.MethodPost, "/-/reload", nil); status != http.StatusForbidden || !strings.Contains(body, "--web.enable-lifecycle") {
		t.Errorf("switched off: have %d %s", status, body)
	}
	if reloads != 3 {
		t.Errorf("want 3 reloads, have %d", reloads)
	}
}

func TestMetricsPageHoldsBothWorlds(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		other := metrics.NewSet()
		other.NewCounter("slowburn_test_total").Set(7)
		o.Sets = append(o.Sets, other)
		reg := prometheus.NewRegistry()
		reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "prometheus_tsdb_head_series", Help: "Series."}))
		o.Gatherer, o.Registerer = reg, reg
	})
	f.ask(t, http.MethodGet, "/nothing", nil)
	f.ask(t, http.MethodGet, "/api/v1/query?query=1", nil)
	_, text := f.ask(t, http.MethodGet, "/metrics", nil)
	p := expfmt.NewTextParser(model.UTF8Validation)
	if _, err := p.TextToMetricFamilies(strings.NewReader(text)); err != nil {
		t.Errorf("not parsable: %v", err)
	}
	for _, want := range []string{
		"slowburn_test_total 7", "prometheus_tsdb_head_series 0", "prometheus_engine_queries ",
		`slowburn_http_requests_total{route="other",code="404"} 1`,
		`slowburn_http_requests_total{route="/api/v1/query",code="200"} 1`,
		`slowburn_queries_active{pool="query"} 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %s", want)
		}
	}
}

func TestPanicIsCountedAndAnswered(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Write = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })
	})
	if status, body := f.ask(t, http.MethodPost, "/api/v1/write", nil); status != http.StatusInternalServerError || strings.Contains(body, "broken") {
		t.Errorf("have %d %s", status, body)
	}
	if have := f.set.GetOrCreateCounter("slowburn_http_panics_total").Get(); have != 1 {
		t.Errorf("want 1 panic counted, have %d", have)
	}
}
