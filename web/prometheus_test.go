package web_test

import (
	"context"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/api"
	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// client is Prometheus's own Go client against the fixture over HTTP.
func client(t *testing.T, f *fixture) apiv1.API {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	c, err := api.NewClient(api.Config{Address: srv.URL, Client: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return apiv1.NewAPI(c)
}

func TestPrometheusClientReadsSeries(t *testing.T) {
	c, ctx := client(t, newFixture(t, nil)), context.Background()

	v, _, _, err := c.Query(ctx, `slo_burn_rate{window="1h"} > 14.4`, now)
	if err != nil {
		t.Fatal(err)
	}
	if vec := v.(model.Vector); len(vec) != 1 || vec[0].Value != 60 {
		t.Errorf("want one burn rate of 60, have %v", vec)
	}
	v, _, _, err = c.QueryRange(ctx, "rate(http_requests_total[1m])", apiv1.Range{Start: now.Add(-5 * time.Minute), End: now, Step: 15 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if m := v.(model.Matrix); len(m) != 1 || len(m[0].Values) != 21 {
		t.Errorf("want one series of 21 points, have %v", m)
	}
	names, _, _, err := c.LabelNames(ctx, nil, now.Add(-time.Hour), now)
	want := model.LabelNames{"__name__", "instance", "job", "region", "service", "slo", "strange.label", "window"}
	if diff := cmp.Diff(want, names); err != nil || diff != "" {
		t.Errorf("label names: %v, -want +have\n%s", err, diff)
	}
	values, _, _, err := c.LabelValues(ctx, "window", []string{`slo_burn_rate{slo="availability"}`}, now.Add(-time.Hour), now)
	if diff := cmp.Diff(model.LabelValues{"1h", "5m"}, values); err != nil || diff != "" {
		t.Errorf("label values: %v, -want +have\n%s", err, diff)
	}
	series, _, _, err := c.Series(ctx, []string{"slo_burn_rate"}, now.Add(-time.Hour), now)
	if err != nil || len(series) != 2 {
		t.Errorf("want 2 series, have %v, %v", series, err)
	}
	ex, err := c.QueryExemplars(ctx, "http_requests_total", now.Add(-time.Hour), now)
	if err != nil || len(ex) != 1 || ex[0].Exemplars[0].Labels["trace_id"] != "4bf92f" {
		t.Errorf("want the exemplar, have %v, %v", ex, err)
	}
}

func TestPrometheusClientReadsRulesAndAlerts(t *testing.T) {
	c, ctx := client(t, newFixture(t, nil)), context.Background()

	alerts, err := c.Alerts(ctx)
	if err != nil || len(alerts.Alerts) != 2 {
		t.Fatalf("want the page and the watchdog, have %v, %v", alerts.Alerts, err)
	}
	rules, err := c.Rules(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			a := r.(apiv1.AlertingRule)
			have = append(have, strings.Join([]string{g.File, g.Name, a.Name, string(a.Labels["severity"]), a.State, string(a.Health)}, " "))
		}
	}
	want := []string{
		" slowburn SLOWatchdog none firing ok",
		"slos/checkout.yml checkout SLOErrorBudgetBurn page firing ok",
		"slos/checkout.yml checkout SLOErrorBudgetBurn ticket inactive ok",
		"slos/search.yml search SLOErrorBudgetBurn ticket inactive ok",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("rules, -want +have\n%s", diff)
	}
	page := rules.Groups[1].Rules[0].(apiv1.AlertingRule)
	if len(page.Alerts) != 1 || page.LastEvaluation.UnixMilli() != now.UnixMilli() {
		t.Errorf("want the page's alert and evaluation time, have %+v", page)
	}
	// The text that describes the rule is PromQL, and true here.
	v, _, _, err := c.Query(ctx, page.Query, now)
	if err != nil || len(v.(model.Vector)) != 1 {
		t.Errorf("query of the rule: want one element, have %v, %v: %s", v, err, page.Query)
	}
}

func TestPrometheusClientReadsStatus(t *testing.T) {
	c, ctx := client(t, newFixture(t, nil)), context.Background()

	if b, err := c.Buildinfo(ctx); err != nil || !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(b.Version) || b.Revision != "abc" {
		t.Errorf("buildinfo: have %+v, %v", b, err)
	}
	if r, err := c.Runtimeinfo(ctx); err != nil || r.GoroutineCount == 0 || !r.ReloadConfigSuccess {
		t.Errorf("runtimeinfo: have %+v, %v", r, err)
	}
	if s, err := c.Config(ctx); err != nil || !strings.Contains(s.YAML, "alerting:") {
		t.Errorf("config: have %+v, %v", s, err)
	}
	if s, err := c.Flags(ctx); err != nil || s["web.listen-address"] == "" {
		t.Errorf("flags: have %+v, %v", s, err)
	}
	if s, err := c.TSDB(ctx); err != nil || s.HeadStats.NumSeries != 4 || len(s.SeriesCountByMetricName) != 3 {
		t.Errorf("tsdb: have %+v, %v", s, err)
	}
	if m, err := c.Metadata(ctx, "", ""); err != nil || len(m) != 0 {
		t.Errorf("metadata: have %+v, %v", m, err)
	}
	if m, err := c.AlertManagers(ctx); err != nil || len(m.Active) != 1 || strings.Contains(m.Active[0].URL, "c4n4ry") {
		t.Errorf("alertmanagers: have %+v, %v", m, err)
	}
}

// TestVersionIsTheEmbeddedAPIs compares the version we claim with the module we
// serve: v0.316.0 is Prometheus 3.16.0.
func TestVersionIsTheEmbeddedAPIs(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`github\.com/prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)`).FindStringSubmatch(string(mod))
	if m == nil {
		t.Fatal("no Prometheus in go.mod")
	}
	want := m[1] + "." + strings.TrimLeft(m[2], "0") + "." + m[3]
	b, err := client(t, newFixture(t, nil)).Buildinfo(context.Background())
	if err != nil || b.Version != want {
		t.Errorf("want %s, have %s, %v", want, b.Version, err)
	}
}
