package load_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// sloth is a Sloth file with one objective of the given SLI, written as flow YAML.
func sloth(sli string) string {
	return "version: prometheus/v1\nservice: shop\nslos:\n- name: o\n  objective: 99\n  sli: " + sli + "\n  alerting: {name: A}\n"
}

// terms writes an SLI's terms in one line each: bad and total weight, kind, what.
func terms(sli slo.SLI) string {
	if sli.Query != nil {
		return "query: " + sli.Query.Reason
	}
	var out []string
	for _, t := range sli.Terms {
		s := fmt.Sprintf("%+g/%+g %s %s", t.Bad, t.Total, t.Kind, t.Selector())
		if t.Kind == slo.BucketBelow || t.Kind == slo.HistogramBelow {
			s += fmt.Sprintf(" <= %g", t.Threshold)
		}
		if t.Op != "" {
			s += fmt.Sprintf(" %s %g", t.Op, t.Threshold)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(a, b) })
	if len(sli.By) > 0 {
		out = append(out, "by "+strings.Join(sli.By, ","))
	}
	return strings.Join(out, "; ")
}

// parseOne reads a file that holds one good objective.
func parseOne(t *testing.T, text string) (*slo.Objective, []slo.Finding) {
	t.Helper()
	set, err := load.Text("f.yml", []byte(text), spec.Options{})
	if err != nil || len(set.Objectives) != 1 {
		t.Fatalf("want one objective, have %d and %v", len(set.Objectives), err)
	}
	return set.Objectives[0], set.Findings
}

func TestQueriesAreBoundNatively(t *testing.T) {
	const badTotal = `+0/+1 counter t; +1/+0 counter b`
	const latency = `+1/+1 counter h_count; -1/+0 bucket h_bucket <= 0.3`
	const w = "[{{.window}}]"
	for _, c := range []struct{ name, bad, total, want string }{
		{"sum of rates", `sum(rate(b[W]))`, `sum(rate(t[W]))`, badTotal},
		{"spaces in the placeholder", `sum(rate(b[{{ .window }}]))`, `sum(rate(t[{{- .window -}}]))`, badTotal},
		{"increase", `sum(increase(b[W]))`, `sum(increase(t[W]))`, badTotal},
		{"or vector(0)", `sum(rate(b[W])) or vector(0)`, `sum(rate(t[W])) or vector(1)`, badTotal},
		{"or on() vector(0)", `(sum(rate(b[W])) OR on() vector(0))`, `clamp_min(sum(rate(t[W])), 1)`, badTotal},
		{"or 0 * total", `sum(rate(b[W])) or 0 * sum(rate(t[W]))`, `sum(rate(t[W])) > 0`, badTotal},
		{"total minus good", `sum(rate(t[W])) - sum(rate(g[W]))`, `sum(rate(t[W]))`, `+1/+1 counter t; -1/+0 counter g`},
		{"difference within the sum", `sum(rate(t[W]) - rate(g[W]))`, `sum(rate(t[W]))`, `+1/+1 counter t; -1/+0 counter g`},
		{"several counters", `sum(rate(a[W])) + sum(rate(b[W]))`, `sum(rate(t[W])) + sum(rate(u[W]))`,
			`+0/+1 counter t; +0/+1 counter u; +1/+0 counter a; +1/+0 counter b`},
		{"bad is a part of total", `sum(rate(b[W]))`, `sum(rate(b[W])) + sum(rate(g[W]))`, `+0/+1 counter g; +1/+1 counter b`},
		{"factor", `2 * sum(rate(b[W])) / 4`, `sum(rate(t[W]) * 1)`, `+0.5/+0 counter b; +0/+1 counter t`},
		{"grouped", `sum by (zone, region) (rate(b[W]))`, `sum(rate(t[W])) by (region, zone)`, badTotal + "; by region,zone"},
		{"grouped twice", `sum by (region) (sum by (region, pod) (rate(b[W])))`, `sum by (region) (rate(t[W]))`, badTotal + "; by region"},
		{"classic latency", `sum(rate(h_count[W])) - sum(rate(h_bucket{le="0.30"}[W]))`, `sum(rate(h_count[W]))`, latency},
		{"buckets only", `sum(rate(h_bucket{le="+Inf"}[W])) - sum(rate(h_bucket{le="0.3"}[W]))`, `sum(rate(h_bucket{le="+Inf"}[W]))`,
			`+1/+1 bucket h_bucket <= +Inf; -1/+0 bucket h_bucket <= 0.3`},
		{"native count", `sum(rate(e[W]))`, `histogram_count(sum(rate(h[W])))`, `+0/+1 histogram_count h; +1/+0 counter e`},
		{"slices by subquery", `sum_over_time((count(g < 0.75))[W:]) OR on() vector(0)`, `sum_over_time((count(g))[W:])`,
			`+0/+1 gauge g; +1/+0 gauge g < 0.75`},
		{"slices of a comparison", `sum(count_over_time((up == 0)[W:]))`, `sum(count_over_time((up)[W:]))`, `+0/+1 gauge up; +1/+0 gauge up == 0`},
		{"boolean gauge", `sum(count_over_time(up[W])) - sum(sum_over_time(up[W]))`, `sum(count_over_time(up[W]))`,
			`+1/+1 gauge up; -1/+0 gauge up == 1`},
		{"rates at every step", `sum_over_time((sum(rate(b[5m])) or vector(0))[W:5m])`, `sum_over_time((sum(rate(t[5m])))[W:5m]) > 0`, badTotal},
		{"latency at every step", `sum_over_time((sum(rate(h_count[5m])))[W:1m]) - sum_over_time(sum(rate(h_bucket{le="0.3"}[5m]))[W:1m])`,
			`sum_over_time((sum(rate(h_count[5m])))[W:1m])`, latency},
		{"a label put on and summed away", `sum(label_replace(rate(b[W]), "app", "$1", "pod", "(.*)-.*"))`, `sum(rate(t[W]))`, badTotal},
		{"native above a threshold", `(1 - histogram_fraction(0, 0.3, sum(rate(h[W])))) * histogram_count(sum(rate(h[W])))`, `histogram_count(sum(rate(h[W])))`,
			`+1/+1 histogram_count h; -1/+0 histogram_below h <= 0.3`},
		{"native count less those below", `histogram_count(sum(rate(h[W]))) - histogram_count(sum(rate(h[W]))) * histogram_fraction(0, 0.3, sum(rate(h[W])))`,
			`histogram_count(sum(rate(h[W])))`, `+1/+1 histogram_count h; -1/+0 histogram_below h <= 0.3`},
		{"bool comparison", `sum(sum_over_time((g > bool 5)[W:1m]))`, `sum(count_over_time(g[W:1m]))`, `+0/+1 gauge g; +1/+0 gauge g > 5`},
	} {
		bad, total := strings.ReplaceAll(c.bad, "[W", w[:len(w)-1]), strings.ReplaceAll(c.total, "[W", w[:len(w)-1])
		o, findings := parseOne(t, sloth(fmt.Sprintf("{events: {error_query: '%s', total_query: '%s'}}", bad, total)))
		if have := terms(o.SLI); c.want != have || len(findings) != 0 {
			t.Errorf("%s:\nwant %s\nhave %s %v", c.name, c.want, have, findings)
		}
	}
}

func TestRatioQueriesAreBoundNatively(t *testing.T) {
	const badTotal = `+0/+1 counter t; +1/+0 counter b`
	const latency = `+1/+1 counter h_count; -1/+0 bucket h_bucket <= 0.3`
	for _, c := range []struct{ query, want string }{
		{`sum(rate(b[W])) / sum(rate(t[W]))`, badTotal},
		{`(sum(rate(b[W])) / (sum(rate(t[W])) > 0)) OR on() vector(0)`, badTotal},
		{`clamp(sum(rate(b[W])) / sum(rate(t[W])), 0, 1)`, badTotal},
		{`1 - sum(rate(g[W])) / sum(rate(t[W]))`, `+1/+1 counter t; -1/+0 counter g`},
		{`1 - (( sum(rate(h_bucket{le="0.3"}[W])) / (sum(rate(h_count[W])) > 0)) OR on() vector(1))`, latency},
		{`(sum(rate(h_count[W])) - sum(rate(h_bucket{le="0.3"}[W]))) / sum(rate(h_count[W]))`, latency},
		{`1 - histogram_fraction(0, 0.3, sum(rate(h[W])))`, `+1/+1 histogram_count h; -1/+0 histogram_below h <= 0.3`},
		{`1 - avg_over_time(probe_success{instance="x"}[W])`, `+1/+1 gauge probe_success{instance="x"}; -1/+0 gauge probe_success{instance="x"} == 1`},
		{`1 - avg by (region) (avg_over_time(probe_success[W]))`, `+1/+1 gauge probe_success; -1/+0 gauge probe_success == 1; by region`},
		{`1 - sum(avg_over_time(up{job="x"}[W])) / count(up{job="x"})`, `+1/+1 gauge up{job="x"}; -1/+0 gauge up{job="x"} == 1`},
		{`1 - sum(sum_over_time(up[W])) / sum(count_over_time(up[W]))`, `+1/+1 gauge up; -1/+0 gauge up == 1`},
		{`1 - avg_over_time(probe_success[W])`, `+1/+1 gauge probe_success; -1/+0 gauge probe_success == 1`},
		{`rate(b[W]) / rate(t[W])`, badTotal},
		{`sum(irate(b[W])) / sum(irate(t[W]))`, badTotal},
		{`sum(rate(b[W])) / ignoring(code) sum(rate(t[W])) and sum(rate(t[W])) > 0`, badTotal},
		{`sum(rate(b[W])) / scalar(sum(rate(t[W])))`, badTotal},
		{`1 - sum by (le) (rate(h_bucket{le="0.3"}[W])) / ignoring (le) sum(rate(h_count[W]))`, latency},
		{`sum without (pod) (rate(b[W])) / sum without (pod) (rate(t[W]))`, badTotal},
		{`sum without (pod) (sum by (zone, pod) (rate(b[W]))) / sum by (zone) (rate(t[W]))`, badTotal + "; by zone"},
		{`(sum(rate(b[W])) / sum(rate(t[W]))) unless (sum(rate(t[W])) == 0)`, badTotal},
		{`100 * sum(rate(b[W])) / sum(rate(t[W])) / 100`, badTotal},
		{`sum(rate(b[W] offset 2m)) / sum(rate(t[W] offset 2m))`, badTotal},
		{`avg_over_time(sum(rate(b[5m]))[W:]) / avg_over_time(sum(rate(t[5m]))[W:])`, badTotal},
		{`histogram_fraction(0.3, +Inf, sum(rate(h[W])))`, `+1/+1 histogram_count h; -1/+0 histogram_below h <= 0.3`},
		{`1 - histogram_fraction(0.1, 0.3, sum(rate(h[W])))`, `+1/+0 histogram_below h <= 0.1; +1/+1 histogram_count h; -1/+0 histogram_below h <= 0.3`},
		{`avg_over_time((g{instance="x"} > bool 5)[W:1m])`, `+0/+1 gauge g{instance="x"}; +1/+0 gauge g{instance="x"} > 5`},
	} {
		o, _ := parseOne(t, sloth(fmt.Sprintf("{raw: {error_ratio_query: '%s'}}", strings.ReplaceAll(c.query, "[W", "[{{.window}}"))))
		if have := terms(o.SLI); c.want != have {
			t.Errorf("%s:\nwant %s\nhave %s", c.query, c.want, have)
		}
	}
}

func TestOtherQueriesSayWhyTheyAreNot(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{`sum(rate(b[5m])) / sum(rate(t[W]))`, `its range is not {{.window}} alone`},
		{`sum(rate(b[W] offset 1h)) / sum(rate(t[W]))`, `it looks at another time, with offset or @`},
		{`sum(rate(b[W] offset 2m)) / sum(rate(t[W]))`, `it looks at another time, with offset or @`},
		{`sum(rate(b[W] offset 1d)) / sum(rate(t[W] offset 1d))`, `it looks at another time, with offset or @`},
		{`sum(rate(b[W]))`, `it counts events, and is no share of any: divide it by the count of all`},
		{`sum by (app) (label_replace(rate(b[W]), "app", "$1", "pod", "(.*)-.*")) / sum by (app) (rate(t[W]))`, `it sums by a label that label_replace or label_join makes`},
		{`sum_over_time(sum(rate(b[5m]))[W:10m]) / sum_over_time(sum(rate(t[5m]))[W:10m])`, `its subquery neither compares a gauge with a number nor sums rates that no step leaves out`},
		{`sum_over_time(sum(rate(b[5m]))[W:1m]) / sum_over_time(sum(rate(t[5m]))[W:5m])`, `it mixes rate over 5m every 1m by sum_over_time with rate over 5m every 5m by sum_over_time`},
		{`avg_over_time(kube_replicas_ready[W]) / avg_over_time(kube_replicas_available[W])`, `it averages the values of a gauge, which are not known to be 0 or 1`},
		{`count_over_time((sum without (pod) (up == bool 0))[W:]) / count_over_time(up[W:])`, `its subquery counts groups with labels that only the series know`},
		{`sum(increase(b[W])) / sum(rate(t[W]))`, `it mixes increase with rate`},
		{`sum by (a) (rate(b[W])) / sum by (c) (rate(t[W]))`, `it joins sums by (a) with sums by (c)`},
		{`max(rate(b[W])) / sum(rate(t[W]))`, `max is no sum`},
		{`(sum(rate(b[W])) / sum(rate(t[W]))) or vector(1)`, "`or vector(…)` counts missing data as bad events"},
		{`1 - sum(sum_over_time(g[W])) / sum(count_over_time(g[W]))`, `it averages the values of a gauge, which are not known to be 0 or 1`},
		{`(sum(rate(b[W])) and sum(rate(t[W]))) / sum(rate(t[W]))`, `it uses and`},
		{`sum(b) / sum(rate(t[W]))`, `b is taken as it is, without rate or increase`},
		{`sum by (a) (rate(b[W])) / scalar(sum by (a) (rate(t[W])))`, `it uses scalar() of several series`},
		{`sum(rate(b[W])) / sum(rate(t[W])) and sum(rate(t[W])) > 5`, `it joins ratios with and`},
		{`sum(sum_over_time((g > bool 5)[W:1m])) / sum(count_over_time(g[W]))`, `it mixes time slices of 1m with time slices`},
		{`avg_over_time((histogram_quantile(0.9, sum by (le, zone) (rate(h_bucket[5m]))) > bool 1)[W:])`, `its subquery uses > other than to compare a gauge with a number`},
	} {
		o, findings := parseOne(t, sloth(fmt.Sprintf("{raw: {error_ratio_query: '%s'}}", strings.ReplaceAll(c.query, "[W", "[{{.window}}"))))
		if have := terms(o.SLI); "query: "+c.want != have {
			t.Errorf("%s:\nwant query: %s\nhave %s", c.query, c.want, have)
		}
		if len(findings) != 1 || findings[0].Level != slo.LevelInfo || !strings.Contains(findings[0].Msg, c.want+"): PromQL evaluates it once a minute") {
			t.Errorf("%s: want it said, have %v", c.query, findings)
		}
		if q := o.SLI.Query; q != nil {
			over := q.Over(5 * 60e9)
			if want, have := strings.ReplaceAll(c.query, "[W", "[5m"), over.ErrorRatio; want != have {
				t.Errorf("want %s, have %s", want, have)
			}
		}
	}
}

// A comment ends with its line, and what a query is put into must not stand in it.
func TestCommentsAreLeftOut(t *testing.T) {
	file := func(query string) string {
		return "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: o}\nspec:\n  service: shop\n  objectives: [{target: 0.99}]\n" +
			"  indicator: {spec: {ratioMetric: {rawType: success, raw: {metricSource: {spec: {query: " + strconv.Quote(query) + "}}}}}}\n"
	}
	for query, want := range map[string]string{
		"max(g{a=\"#1\"}[{{ .window }}]) # of 1":                   "",
		"max_over_time(g{a=\"#1\"}[{{ .window }}]) # the worst":    `1 - (max_over_time(g{a="#1"}[5m]))`,
		"max_over_time( # the worst\n  g{a=\"1\"}[{{.window}}]) #": "1 - (max_over_time( \n  g{a=\"1\"}[5m]))",
	} {
		set, err := load.Text("f.yml", []byte(file(query)), spec.Options{})
		have := ""
		if len(set.Objectives) == 1 && set.Objectives[0].SLI.Query != nil {
			have = set.Objectives[0].SLI.Query.Over(5 * time.Minute).ErrorRatio
		}
		if want != have || (err == nil) != (want != "") {
			t.Errorf("%s: want %s, have %s, %v", query, want, have, err)
		}
	}
	// A threshold is compared at instants.
	threshold := strings.Replace(strings.Replace(file("max(g) # the worst"), "ratioMetric: {rawType: success, raw: {metricSource: {spec: {query: \"max(g) # the worst\"}}}}", "thresholdMetric: {metricSource: {spec: {query: \"max(g) # the worst\"}}}", 1), "target: 0.99", "target: 0.99, op: lte, value: 5", 1)
	o, _ := parseOne(t, threshold)
	if want, have := "avg_over_time(((max(g)) > bool 5)[{{.window}}:1m])", o.SLI.Query.ErrorRatio; want != have {
		t.Errorf("want %q, have %q", want, have)
	}
	// A bare selector is put into a sum.
	o, _ = parseOne(t, strings.Replace(strings.Replace(file("g_total # all"), "rawType: success, raw", "bad: {metricSource: {spec: {query: b_total}}}, total", 1), "}}}}}}}", "}}}}}}", 1))
	if want, have := "+0/+1 counter g_total; +1/+0 counter b_total", terms(o.SLI); want != have {
		t.Errorf("want %s, have %s", want, have)
	}
}
