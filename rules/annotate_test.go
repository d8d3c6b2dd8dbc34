package rules_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/trace"
	"github.com/slowburn/slowburn/slo"
)

// paged lives through a day in good order and 12 minutes in which all that region eu
// asks fails and half of what us does, and returns the page of the roll-up. Each asks
// 10 times a second.
func paged(t *testing.T, o *slo.Objective, amend func(*rules.Options), last ...func(*rig)) (*rig, slo.Alert) {
	t.Helper()
	r := newRigWith(t, t0, amend, o)
	counts := map[string]float64{}
	onset := t0 + (24 * time.Hour).Milliseconds()
	end := onset + (12 * time.Minute).Milliseconds()
	for ts := t0; ts <= end; ts += 60_000 {
		r.now = ts + 1000
		var scrape []arrival
		for region, bad := range map[string]float64{"eu": 600, "us": 300} {
			if ts <= onset {
				bad = 0
			}
			counts[region+"500"] += bad
			counts[region+"200"] += 600 - bad
			for _, code := range []string{"200", "500"} {
				scrape = append(scrape, arrival{lset: inRegion(code, region), t: ts, v: counts[region+code]})
			}
		}
		r.send(scrape...)
		if ts == end {
			for _, do := range last {
				do(r)
			}
		}
		r.tick()
	}
	r.now += 14_000
	r.tick()
	for _, a := range r.firing(slo.SeverityPage) {
		if !a.Labels.Has("region") {
			return r, a
		}
	}
	t.Fatalf("want the page of the roll-up, have %v", r.firing(slo.SeverityPage))
	return nil, slo.Alert{}
}

func inRegion(code, region string) labels.Labels {
	return labels.FromStrings(labels.MetricName, "http_requests_total", "job", "shop", "code", code, "instance", "i1", "prometheus", "a", "region", region)
}

// exemplify stores an exemplar of a series, so long before the newest sample.
func exemplify(lset labels.Labels, before time.Duration, of ...string) func(*rig) {
	return func(r *rig) {
		app := r.raw.Appender(context.Background())
		_, err := app.AppendExemplar(0, lset, exemplar.Exemplar{
			Labels: labels.FromStrings(of...), Value: 1, Ts: r.now - 1000 - before.Milliseconds(), HasTs: true,
		})
		r.must(err)
		r.must(app.Commit())
	}
}

// TestAnnotations reads a page as on-call does, every line of it. Of 1,742,400
// requests in the window 10,800 failed, and 17,424 may; in the last hour 15 %. A template
// that fails says so in its place, in the log once and in a counter, and the page is out.
func TestAnnotations(t *testing.T) {
	o := availability(0.99, "region")
	o.Owner, o.Runbook, o.Dashboard = "team-shop", "https://runbooks.example.org/shop", "https://grafana.example.org/d/shop"
	o.Rules[0].Annotations = map[string]string{
		"plain":     "no template",
		"functions": `{{ $labels.service | toUpper }} in {{ $externalLabels.cluster }}: {{ $value | humanize }}, {{ 0.054 | humanizePercentage }}, {{ reReplaceAll "a(.*)" "b$1" "availability" }}`,
		"links":     `{{ $externalURL }} {{ externalURL }} {{ pathPrefix }} {{ "http_requests_total" | graphLink }}`,
		"failing":   `{{ template "nowhere" }}`,
	}
	tempo, err := slo.ParseTraceURL("https://tempo.example.org/trace/${trace_id}")
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string][]string{}
	r, page := paged(t, o, func(opts *rules.Options) {
		opts.Traces = trace.New(opts.Raw.(storage.ExemplarQueryable), func() slo.TraceURL { return tempo })
		opts.ExternalURL = "https://slowburn.example.org/path"
		opts.ExternalLabels = func() labels.Labels { return labels.FromStrings("cluster", "eu-1") }
		opts.Decision = func(*slo.Objective) (string, string) { return "head-of-shop", "Freeze releases." }
		opts.TemplateFailed = func(alert labels.Labels, annotation string, err error) {
			failed[alert.Get("region")] = append(failed[alert.Get("region")], annotation+": "+err.Error())
		}
	},
		exemplify(inRegion("500", "us"), 2*time.Minute, "trace_id", "older"),
		exemplify(inRegion("500", "eu"), time.Minute, "trace_id", "4bf92f"),
		exemplify(inRegion("500", "eu"), 0, "span_id", "of no trace"),
		exemplify(inRegion("200", "eu"), 0, "trace_id", "of a good one"),
	)
	const fault = `error executing template __alert_failing: template: __alert_failing:1:124: executing "__alert_failing" at <{{template "nowhere"}}>: template "nowhere" not defined`
	want := map[string]string{
		"summary":             "availability of shop burns its error budget 15x too fast",
		"description":         "Over 1h the burn rate is 15, over 5m 75 (threshold 14.4). 38% of the 30d budget is left; at this pace it is spent in 0.657 h.",
		"pair":                "1h/5m",
		"burn_rate_long":      "15",
		"burn_rate_short":     "75",
		"burn_rate_threshold": "14.4",
		"budget_remaining":    "38%",
		"hours_to_exhaustion": "0.657",
		"events_lost":         "10800",
		"worst_segment":       `{region="eu"} (66.7% of the bad events in 1h)`,
		"runbook_url":         "https://runbooks.example.org/shop",
		"dashboard_url":       "https://grafana.example.org/d/shop",
		"decision_owner":      "head-of-shop",
		"decision":            "Freeze releases.",
		"trace_url":           "https://tempo.example.org/trace/4bf92f",
		"data_time":           "2027-01-16T08:12:00Z",
		"plain":               "no template",
		"functions":           "SHOP in eu-1: 15, 5.4%, bvailability",
		"links":               "https://slowburn.example.org/path https://slowburn.example.org/path /path /graph?g0.expr=http_requests_total&g0.tab=0",
		"failing":             "<error expanding template: " + fault + ">",
	}
	if d := cmp.Diff(want, page.Annotations.Map()); d != "" {
		t.Errorf("annotations (-want +have):\n%s", d)
	}
	if want := []string{"failing: " + fault}; !cmp.Equal(want, failed[""]) {
		t.Errorf("told of the roll-up's failing template: %s", cmp.Diff(want, failed[""]))
	}
	if have := r.metric("slowburn_engine_template_errors_total"); have == 0 {
		t.Error("want the failing template counted")
	}
}
