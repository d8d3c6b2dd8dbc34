package load_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// one is a native document with one objective.
func one(service, name string) string {
	return fmt.Sprintf("version: slowburn/v1\nservice: %s\nobjectives:\n  - name: %s\n    target: 99.9\n    sli: {events: {bad: b_total, total: t_total}}\n", service, name)
}

// ids are a set's objectives.
func ids(set spec.Set) []string {
	var out []string
	for _, o := range set.Objectives {
		out = append(out, o.ID())
	}
	return out
}

// told are the messages of an error with their places.
func told(err error) []string {
	var out []string
	for _, e := range slo.Errors(err) {
		out = append(out, fmt.Sprintf("%s: %s", e.Position, e.Msg))
	}
	return out
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadKeepsTheGoodBesideTheBroken(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, map[string]string{
		"a.yml": one("shop", "one") + "---\n" + one("shop", "two"),
		"b.yml": "version: slowburn/v1\n\tservice: x\n---\n" + one("shop", "three"),
		"c.yml": one("shop", "one"),
		"d.yml": "version: slowburn/v1\nservice: shop\nobjectives:\n  - name: four\n    target: 100\n    sli: {events: {bad: b, total: t}}\n" +
			"  - name: five\n    target: 99\n    sli: {events: {bad: b, total: t}}\n",
		"e.yml": "# nothing\n",
	})
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	set, err := load.Files([]string{"*.yml", "a.yml", "missing.yml", "none/*.yml", "[", "dir", "fifo"}, spec.Options{})
	if want, have := []string{"shop/one", "shop/two", "shop/three", "shop/five"}, ids(set); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
	want := []string{
		"none/*.yml: the pattern matches no file",
		"[: not a file pattern: a bracket is not closed",
		"b.yml:2:1: not valid YAML: a tab: YAML wants spaces for indentation",
		"c.yml:4:11: objective shop/one is already defined at a.yml:4:5: rename one",
		"d.yml:5:13: target 100: want a percentage below 100, such as 99.9: at 100 the first bad event would spend the whole budget",
		`e.yml: the file is empty: an SLO file begins with "version: slowburn/v1"`,
		"missing.yml: cannot be read: no such file or directory",
		"dir: is a directory: name its files, such as dir/*.yml",
		"fifo: is not a regular file",
	}
	if have := told(err); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
}

func TestShippedExamplesAreGood(t *testing.T) {
	set, err := load.Files([]string{"../../testdata/slo/*.yml"}, spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"checkout/availability", "login/availability", "login/token-refresh", "search/latency", "search/latency-slow",
		"search/reachable", "myservice/requests-availability", "gateway/availability", "gateway/queue-drained", "k8s-apiserver/requests-latency", "coredns/latency"}
	if have := ids(set); !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
	for _, f := range set.Findings {
		t.Errorf("want nothing found, have %v", f)
	}
}

func TestNativeKinds(t *testing.T) {
	for _, c := range []struct{ sli, want string }{
		{`{events: {bad: 'b{x="1"}', total: t}}`, `+0/+1 counter t; +1/+0 counter b{x="1"}`},
		{`{events: {good: [g, h], total: [t, u]}}`, `+1/+1 counter t; +1/+1 counter u; -1/+0 counter g; -1/+0 counter h`},
		{`{latency: {histogram: 'h_seconds{job="x"}', threshold: 300ms}}`, `+1/+1 counter h_seconds_count{job="x"}; -1/+0 bucket h_seconds_bucket{job="x"} <= 0.3`},
		{`{latency: {histogram: h_milliseconds, threshold: 2.5s}}`, `+1/+1 counter h_milliseconds_count; -1/+0 bucket h_milliseconds_bucket <= 2500`},
		{`{latency: {histogram: h_bytes, threshold: 4096, native: true}}`, `+1/+1 histogram_count h_bytes; -1/+0 histogram_below h_bytes <= 4096`},
		{`{probe: {metric: probe_success}}`, `+0/+1 gauge probe_success; +1/+0 gauge probe_success != 1`},
		{`{probe: {metric: queue, good: "< 100"}}`, `+0/+1 gauge queue; +1/+0 gauge queue >= 100`},
		{`{query: {bad: 'sum by (a) (rate(b[{{.window}}]))', total: 'sum by (a) (rate(t[{{.window}}]))'}}`, `+0/+1 counter t; +1/+0 counter b; by a`},
	} {
		o, findings := parseOne(t, "version: slowburn/v1\nservice: s\nobjectives: [{name: o, target: 99, sli: "+c.sli+"}]\n")
		if have := terms(o.SLI); c.want != have || len(findings) > 0 {
			t.Errorf("%s:\nwant %s\nhave %s %v", c.sli, c.want, have, findings)
		}
	}
}

func TestNativeObjectiveIsComplete(t *testing.T) {
	o, _ := parseOne(t, `
version: slowburn/v1
service: checkout
owner: team-payments
labels: {product: shop, stage: live}
runbook: https://example.com/all
windows: [30d, month]
time_zone: Europe/Berlin
objectives:
  - name: availability
    description: Customers can pay.
    owner: team-cards
    target: 99.95
    labels: {stage: canary}
    by: [zone, region]
    sli: {events: {bad: b, total: t, births: skip}}
    alerting:
      labels: {team: cards}
      annotations: {hint: "ask {{ $labels.owner }}"}
      page: {for: 2m, keep_firing_for: 5m, min_bad_events: 10, labels: {pager: "yes"}}
      ticket: {disable: true}
`)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want := &slo.Objective{
		Service: "checkout", Name: "availability", Description: "Customers can pay.", Owner: "team-cards", Tier: "standard",
		Runbook: "https://example.com/all", Target: 0.9995,
		Windows: []slo.Window{slo.Rolling(720 * time.Hour), {Calendar: slo.Month, Zone: berlin, Length: 720 * time.Hour}},
		SLI:     o.SLI,
		Rules: []slo.Rule{{
			AlertName: slo.AlertBurn, Severity: "page",
			Labels:      map[string]string{"severity": "page", "team": "cards", "pager": "yes"},
			Annotations: map[string]string{"hint": "ask {{ $labels.owner }}"},
			Pairs:       []slo.Pair{{Long: time.Hour, Short: 5 * time.Minute, Factor: 14.4}, {Long: 6 * time.Hour, Short: 30 * time.Minute, Factor: 6}},
			For:         2 * time.Minute, KeepFiringFor: 5 * time.Minute, MinBadEvents: 10,
		}},
		RollUpAlerts: true, Traffic: slo.TrafficReal, Policy: slo.DefaultPolicy(),
		Labels: map[string]string{"product": "shop", "stage": "canary"},
		Format: slo.FormatNative,
		Source: slo.Position{File: "f.yml", Line: 10, Column: 5},
	}
	if diff := cmp.Diff(want, o, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }), cmp.Comparer(func(a, b slo.SLI) bool { return terms(a) == terms(b) })); diff != "" {
		t.Error(diff)
	}
	if want, have := []string{"region", "zone"}, o.SLI.By; !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
	if o.SLI.Births != slo.BirthsSkip {
		t.Errorf("want births skip, have %s", o.SLI.Births)
	}
}

func TestSlothAlertsAreSloths(t *testing.T) {
	text := `
version: prometheus/v1
service: myservice
labels: {owner: myteam, tier: "2"}
slos:
  - name: requests
    objective: 99.9
    labels: {tier: "1"}
    sli: {events: {error_query: "sum by (zone) (rate(b[{{.window}}]))", total_query: "sum by (zone) (rate(t[{{.window}}]))"}}
    alerting:
      name: HighErrorRate
      labels: {category: availability}
      annotations: {summary: High}
      page_alert: {labels: {severity: critical}, annotations: {runbook: https://r}}
`
	set, err := load.Text("f.yml", []byte(text), spec.Options{DefaultWindow: slo.Rolling(28 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	o := set.Objectives[0]
	h, m := time.Hour, time.Minute
	want := []slo.Rule{{
		AlertName: "HighErrorRate", Severity: "page",
		Labels: map[string]string{"sloth_id": "myservice-requests", "sloth_service": "myservice", "sloth_slo": "requests", "sloth_severity": "page",
			"owner": "myteam", "tier": "1", "category": "availability", "severity": "critical"},
		Annotations: map[string]string{
			"title":   "(page) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.",
			"summary": "High", "runbook": "https://r",
		},
		Pairs: []slo.Pair{{Long: h, Short: 5 * m, Factor: 13.44}, {Long: 6 * h, Short: 30 * m, Factor: 5.6}},
	}, {
		AlertName: "HighErrorRate", Severity: "ticket",
		Labels: map[string]string{"sloth_id": "myservice-requests", "sloth_service": "myservice", "sloth_slo": "requests", "sloth_severity": "ticket",
			"owner": "myteam", "tier": "1", "category": "availability"},
		Annotations: map[string]string{
			"title":   "(ticket) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.",
			"summary": "High",
		},
		Pairs: []slo.Pair{{Long: 24 * h, Short: 2 * h, Factor: 2.8}, {Long: 72 * h, Short: 6 * h, Factor: 0.9333333333}},
	}}
	if diff := cmp.Diff(want, o.Rules); diff != "" {
		t.Error(diff)
	}
	if o.RollUpAlerts || o.Owner != "myteam" || o.Runbook != "https://r" || o.Target != 0.999 || o.SlothID() != "myservice-requests" {
		t.Errorf("want Sloth's meaning, have %+v", o)
	}
}

func TestLint(t *testing.T) {
	for _, c := range []struct{ text, check string }{
		{strings.Replace(sloth(`{raw: {error_ratio_query: "sum(rate(b[{{.window}}]))/sum(rate(t[{{.window}}]))"}}`), "99", "100", 1), "target-100"},
		{strings.Replace(one("s", "o"), "99.9", "0.999", 1), "target-ratio"},
		{strings.Replace(one("s", "o"), "99.9", "93", 1), ""},
		{strings.Replace(one("s", "o"), "99.9", "80", 1), "never-fires"},
		{strings.Replace(one("s", "o"), "total: t_total", `total: 'b_total{job="x"}'`, 1), "not-subset"},
		{strings.Replace(one("s", "o"), "events: {bad: b_total, total: t_total}", "latency: {histogram: h_seconds, threshold: 700}", 1), "threshold-unit"},
		{one("s", "o") + "    alerting: {page: {disable: true}, ticket: {disable: true}}\n", "no-alerts"},
	} {
		_, findings := parseOne(t, c.text)
		have := ""
		for _, f := range findings {
			have += f.Check
			if f.Line == 0 || f.Excerpt == "" {
				t.Errorf("%s: want a place, have %v", f.Check, f)
			}
		}
		if c.check != have {
			t.Errorf("want %q, have %q for\n%s", c.check, have, c.text)
		}
	}
}

func TestEveryPluginOfTheTableMakesTerms(t *testing.T) {
	o, _ := parseOne(t, sloth(`{plugin: {id: sloth-common/istio/v1/latency, options: {service: s, namespace: n, bucket: "250", filter: '{a="b",}', exclude_errors: "true"}}}`))
	m := `{a="b",destination_service_name="s",destination_service_namespace="n",code!~"5.."}`
	want := `+1/+1 counter istio_request_duration_milliseconds_count` + m + `; -1/+0 bucket istio_request_duration_milliseconds_bucket` + m + ` <= 250`
	if have := terms(o.SLI); want != have {
		t.Errorf("want %s\nhave %s", want, have)
	}
	o, _ = parseOne(t, sloth(`{plugin: {id: sloth-common/kubernetes/kooper/availability, options: {controller: c}}}`))
	want = `+0/+1 counter kooper_controller_processed_event_duration_seconds_count{controller="c"}; ` +
		`+0/-1 counter kooper_controller_queued_events_total{controller="c",requeue="true"}; ` +
		`+1/+0 counter kooper_controller_processed_event_duration_seconds_count{controller="c",success="false"}`
	if have := terms(o.SLI); want != have {
		t.Errorf("want %s\nhave %s", want, have)
	}
	o, _ = parseOne(t, sloth(`{plugin: {id: sloth-common/prometheus/targets/availability}}`))
	if want, have := `+0/+1 gauge up; +1/+0 gauge up == 0`, terms(o.SLI); want != have {
		t.Errorf("want %s\nhave %s", want, have)
	}
	o, _ = parseOne(t, sloth(`{plugin: {id: sloth-common/linkerd/v2/availability, options: {filter: 'deployment="web"'}}}`))
	m = `response_total{deployment="web",direction="inbound"`
	want = `+0/+1 counter ` + m + `}; +1/+0 counter ` + m + `,classification="failure"}`
	if have := terms(o.SLI); want != have {
		t.Errorf("want %s\nhave %s", want, have)
	}
}

// BenchmarkLoad reads 10,000 objectives: a document each, all in one document, and in
// Sloth's format, whose queries have to be understood. What matters is cpu-ns/op, the
// processor's time: the goal is 2 s.
func BenchmarkLoad(b *testing.B) {
	const n = 10_000
	var documents, list, queries strings.Builder
	list.WriteString("version: slowburn/v1\nservice: shop\nobjectives:\n")
	queries.WriteString("version: prometheus/v1\nservice: shop\nslos:\n")
	for i := range n {
		documents.WriteString("---\n" + one("shop", fmt.Sprintf("slo-%d", i)))
		fmt.Fprintf(&list, "  - {name: slo-%d, target: 99.9, sli: {events: {bad: 'requests_total{code=~\"5..\",path=\"/%d\"}', total: 'requests_total{path=\"/%d\"}'}}}\n", i, i, i)
		fmt.Fprintf(&queries, "  - name: slo-%d\n    objective: 99.9\n    sli:\n      events:\n        error_query: sum(rate(requests_total{code=~\"5..\",path=\"/%d\"}[{{.window}}]))\n        total_query: sum(rate(requests_total{path=\"/%d\"}[{{.window}}]))\n    alerting: {name: Shop}\n", i, i, i)
	}
	for _, c := range []struct{ name, text string }{
		{"documents", documents.String()}, {"list", list.String()}, {"sloth", queries.String()},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := userTime(b)
			for b.Loop() {
				if set, err := load.Text("f.yml", []byte(c.text), spec.Options{}); err != nil || len(set.Objectives) != n {
					b.Fatal(len(set.Objectives), err)
				}
			}
			b.ReportMetric(float64(userTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// userTime is the processor time that the test has taken so far.
func userTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func FuzzSLOFile(f *testing.F) {
	files, err := filepath.Glob("../../testdata/slo/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := load.Text("f.yml", []byte(text), spec.Options{})
		for _, e := range slo.Errors(err) {
			if e.Msg == "" || e.File == "" {
				t.Errorf("want words and a place, have %+v", e)
			}
		}
		for _, o := range set.Objectives {
			if o.Target <= 0 || o.Target > 1 || len(o.Windows) == 0 || (len(o.SLI.Terms) == 0) == (o.SLI.Query == nil && !o.SLI.Composite()) {
				t.Errorf("want a whole objective, have %+v", o)
			}
		}
	})
}
