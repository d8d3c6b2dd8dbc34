package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

const slothFeed = `version: prometheus/v1
service: feed
labels: {team: payments}
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(feed_requests_total{code="500"}[{{.window}}]))
        total_query: sum(rate(feed_requests_total[{{.window}}]))
    alerting:
      name: FeedErrors
`

const pyrraFeed = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: feed-requests
  namespace: feed
spec:
  target: "99"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'feed_requests_total{code="500"}'}
      total: {metric: feed_requests_total}
`

// slothQueries are what boards for Sloth ask for, series by series: those of the board
// of all objectives, of the board of one, and of Sloth's own page.
var slothQueries = []string{
	`count(sloth_slo_info)`,
	`max by (sloth_spec, sloth_mode, sloth_version, sloth_objective) (sloth_slo_info{sloth_service="feed",sloth_slo="requests"})`,
	`slo:objective:ratio{sloth_service="feed",sloth_slo="requests"} == 0.999`,
	`slo:error_budget:ratio{sloth_service="feed",sloth_slo="requests"} < 0.00101`,
	`slo:time_period:days{sloth_service="feed",sloth_slo="requests"} == 30`,
	`slo:current_burn_rate:ratio{sloth_service="feed",sloth_slo="requests"} > 1`,
	`topk(10, max by (sloth_service, sloth_slo) (slo:current_burn_rate:ratio))`,
	`sum(slo:current_burn_rate:ratio > bool 1)`,
	`max(slo:period_burn_rate:ratio{sloth_service="feed",sloth_slo="requests"}) > 1`,
	`1 - (max(slo:period_burn_rate:ratio{sloth_service="feed"}) OR on() vector(0)) < 0`,
	`slo:period_error_budget_remaining:ratio{sloth_service="feed",sloth_slo="requests"} < 0`,
	`(slo:sli_error:ratio_rate5m{sloth_service="feed"} OR on() vector(0)) > 0`,
	`slo:sli_error:ratio_rate5m{sloth_window="5m"} / on(sloth_id, sloth_slo, sloth_service) group_left() slo:error_budget:ratio > 1`,
	`slo:sli_error:ratio_rate30m{sloth_window="30m"}`,
	`slo:sli_error:ratio_rate1h{sloth_window="1h"}`,
	`slo:sli_error:ratio_rate2h{sloth_window="2h"}`,
	`slo:sli_error:ratio_rate6h{sloth_window="6h"}`,
	`slo:sli_error:ratio_rate1d{sloth_window="1d"}`,
	`slo:sli_error:ratio_rate3d{sloth_window="3d"}`,
	`slo:sli_error:ratio_rate30d{sloth_window="30d"}`,
	`sum_over_time((slo:sli_error:ratio_rate1h{sloth_service="feed"} * on() group_left() (month() == bool month()))[32d:1h]) / on(sloth_service, sloth_slo) (slo:error_budget:ratio * on() group_left() (24 * days_in_month()))`,
	`count by (__name__, sloth_id) ({__name__=~"slo:sli_error:ratio_rate.+"})`,
	`count({__name__=~"^slo:sli_error:ratio_rate.*", sloth_id="feed-requests"}) == 8`,
	`count by (sloth_id, sloth_severity) (ALERTS{sloth_id!="",alertstate="firing",sloth_severity=~"page|ticket"})`,
	`slo:objective:ratio{team="payments"}`,
}

// pyrraQueries are what boards for Pyrra ask for.
var pyrraQueries = []string{
	`pyrra_objective{slo="feed-requests"} == 0.99`,
	`pyrra_window{slo="feed-requests"} == 28 * 86400`,
	`pyrra_availability{slo="feed-requests"} < 1`,
	`(pyrra_availability{slo="feed-requests"} - pyrra_objective{slo="feed-requests"}) / (1 - pyrra_objective{slo="feed-requests"})`,
	`sum(pyrra_requests:rate5m{slo="feed-requests"}) > 0`,
	`sum(pyrra_errors:rate5m{slo="feed-requests"}) > 0`,
	`pyrra_errors:rate5m{slo="feed-requests"} / pyrra_requests:rate5m{slo="feed-requests"} <= 1`,
}

// TestPromise8_OtherToolsBoards: whoever keeps the boards made for Sloth and Pyrra finds
// something in every panel and every drop-down list, from files read unchanged.
func TestPromise8_OtherToolsBoards(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"sloth.yml": slothFeed, "pyrra.yml": pyrraFeed, "slowburn.yml": "slo_files: [sloth.yml, pyrra.yml]\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := startServe(t, filepath.Join(dir, "slowburn.yml"))
	feed := rig.NewFeed(t, &rig.Slowburn{Addr: strings.TrimPrefix(r.url, "http://")}, 2*time.Hour)
	for time.Since(feed.Acked().At) > 16*time.Second {
		bad := 0.0
		if time.Since(feed.Acked().At) < 10*time.Minute {
			bad = 100
		}
		if err := feed.Scrape(15*time.Second, 100, bad); err != nil {
			t.Fatal(err)
		}
	}
	client, err := api.NewClient(api.Config{Address: r.url})
	if err != nil {
		t.Fatal(err)
	}
	ask := promv1.NewAPI(client)
	for _, expr := range append(slothQueries, pyrraQueries...) {
		proc.Until(t, time.Minute, "the board finds something", func() error { return finds(t.Context(), ask, expr) })
	}
	now := time.Now()
	for _, v := range []struct{ label, series, want string }{
		{"sloth_service", "sloth_slo_info", "[feed]"},
		{"sloth_slo", `sloth_slo_info{sloth_service="feed"}`, "[requests]"},
		{"sloth_id", `{__name__=~"slo:sli_error:ratio_rate.+"}`, "[feed-requests]"},
		{"slo", "pyrra_objective", "[feed-requests]"},
		{"slo", `pyrra_objective{slo=~".+"}`, "[feed-requests]"},
	} {
		values, _, _, err := ask.LabelValues(t.Context(), v.label, []string{v.series}, now.Add(-time.Hour), now)
		have := fmt.Sprint(values)
		if err != nil || have != v.want {
			t.Errorf("label_values(%s, %s): want %s, have %s, %v", v.series, v.label, v.want, have, err)
		}
	}
	// An older Grafana asks for series, and takes the label from them.
	series, _, _, err := ask.Series(t.Context(), []string{`sloth_slo_info{sloth_service="feed"}`}, now.Add(-time.Hour), now)
	if err != nil || len(series) != 1 || series[0]["sloth_slo"] != "requests" {
		t.Errorf("series: have %v, %v", series, err)
	}
}
