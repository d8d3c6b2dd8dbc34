package main

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

const slothPay = `version: prometheus/v1
service: pay
slos:
  - name: errors
    objective: 99
    sli: {events: {error_query: 'sum(rate(pay_total{code="500"}[{{.window}}]))', total_query: 'sum(rate(pay_total[{{.window}}]))'}}
    alerting: {name: PayErrors}
`

const pyrraPay = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: errors, namespace: pay-pyrra}
spec:
  target: "99"
  window: 30d
  indicator: {ratio: {errors: {metric: 'pay_total{code="500"}'}, total: {metric: pay_total}}}
`

// writePay writes four hours: three busy ones, in the middle of which everything
// fails for ten minutes, and a quiet one with a hundredth of the traffic.
func writePay(t *testing.T, dir string) (bad, total float64) {
	t.Helper()
	db := openTestTSDB(t, dir)
	app := db.AppenderV2(context.Background())
	good := 0.0
	for k := int64(1); k <= 4*240; k++ {
		rate := 100.0
		if k > 3*240 {
			rate = 1
		}
		if k > 360 && k <= 400 {
			bad += rate
		} else {
			good += rate
		}
		for code, v := range map[string]float64{"200": good, "500": bad} {
			if _, err := app.Append(0, labels.FromStrings(labels.MetricName, "pay_total", "instance", "a", "code", code), 0, testStart+k*15_000, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return bad, good + bad - 100 // the first sample counts from nothing
}

// TestImportReport: the same samples by Sloth's formula, by Pyrra's and by ours. A
// mean of ratios lets the quiet hour count as much as a busy one.
func TestImportReport(t *testing.T) {
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	bad, total := writePay(t, raw)
	files := []string{write(t, filepath.Join(dir, "sloth.yml"), slothPay), write(t, filepath.Join(dir, "pyrra.yml"), pyrraPay)}
	code, out, complaint := slowburn(t, append([]string{"import", "--report", "--format=json", "--history.tsdb=" + raw}, files...)...)
	if code != 0 {
		t.Fatal(complaint)
	}
	var doc struct {
		Start, End time.Time
		Budgets    []migrated
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Budgets) != 2 {
		t.Fatalf("want two budgets, have %s", out)
	}
	sloth, pyrra := doc.Budgets[0], doc.Budgets[1]
	for _, b := range doc.Budgets {
		if float64(b.Bad) != bad || float64(b.Total) != total {
			t.Errorf("%s: want %g of %g bad, have %v of %v", b.Objective, bad, total, b.Bad, b.Total)
		}
		if want := 1 - bad/(0.01*total); math.Abs(float64(b.Ours)-want) > 1e-9 {
			t.Errorf("%s: want %g left by our count, have %v", b.Objective, want, b.Ours)
		}
	}
	// The rules that the tools write, word for word, over the same samples.
	period := slo.FormatDuration(doc.End.Sub(doc.Start))
	ratio := `(sum(rate(pay_total{code="500"}[5m])) / sum(rate(pay_total[5m])))[` + period + `:1m]`
	for text, have := range map[string]slo.Number{
		"sum_over_time(" + ratio + ") / count_over_time(" + ratio + ")":                                   sloth.Theirs,
		`sum(increase(pay_total{code="500"}[` + period + `])) / sum(increase(pay_total[` + period + `]))`: pyrra.Theirs,
	} {
		if want := 1 - evaluated(t, raw, text, doc.End)/0.01; math.Abs(want-float64(have)) > 1e-6 {
			t.Errorf("%s: want %g left, have %v", text, want, have)
		}
	}
	// Ten bad minutes of 240: 4.2 % by the clock, 5.5 % of the events.
	if want := 1 - 10.0/240/0.01; math.Abs(float64(sloth.Theirs)-want) > 0.15 {
		t.Errorf("want about %.3g left by Sloth's formula, have %v", want, sloth.Theirs)
	}
	if math.Abs(float64(pyrra.Theirs)-float64(pyrra.Ours)) > 0.1 {
		t.Errorf("want Pyrra's formula near ours, %v, have %v", pyrra.Ours, pyrra.Theirs)
	}
	causes := ""
	for _, c := range sloth.Causes {
		causes += c.Name + " "
	}
	if !strings.Contains(causes, "uneven-traffic") {
		t.Errorf("want uneven traffic named, have %s", causes)
	}
	code, out, _ = slowburn(t, append([]string{"import", "--report", "--history.tsdb=" + raw}, files...)...)
	if code != 0 || !strings.Contains(out, "weighs quiet and busy slices the same") || !strings.Contains(out, "Pyrra: increase") {
		t.Errorf("want the table with its causes, have %s", out)
	}
}

// TestImportReportGoesOn: neither a formula that Prometheus cannot evaluate nor a broken
// file keeps another objective from its budget, and a subquery has a step if it names
// none.
func TestImportReportGoesOn(t *testing.T) {
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	writePay(t, raw)
	file := write(t, filepath.Join(dir, "sloth.yml"), slothPay+`  - name: many
    objective: 99
    sli: {raw: {error_ratio_query: 'rate(pay_total{code="500"}[{{.window}}]) / on (instance) rate(pay_total[{{.window}}])'}}
    alerting: {name: PayMany}
  - name: seen
    objective: 99
    sli: {raw: {error_ratio_query: 'avg_over_time((count(pay_total) < bool 2)[{{.window}}:])'}}
    alerting: {name: PaySeen}
`)
	broken := write(t, filepath.Join(dir, "broken.yml"), strings.Replace(slothPay, "objective: 99", "objective: 101", 1))
	code, out, complaint := slowburn(t, "import", "--report", "--history.tsdb="+raw, file, broken)
	if code != 1 || !strings.Contains(complaint, "objective 101: want a percentage") {
		t.Errorf("want the broken file told, have %d, %s", code, complaint)
	}
	if !strings.Contains(out, "pay/errors") || !strings.Contains(out, "pay/seen") {
		t.Errorf("want the report of two objectives, have %s %s", out, complaint)
	}
	if want := "pay/many: the formula of its tool fails: evaluate rate("; !strings.Contains(complaint, want) {
		t.Errorf("want %q, have %s", want, complaint)
	}
}

// evaluated is what upstream's PromQL makes of a text over a folder's samples.
func evaluated(t *testing.T, dir, text string, at time.Time) float64 {
	t.Helper()
	db := openTestTSDB(t, dir)
	defer db.Close()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer engine.Close()
	q, err := engine.NewInstantQuery(t.Context(), db, nil, text, at)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(t.Context()).Vector()
	if err != nil || len(v) != 1 {
		t.Fatalf("%s: want one number, have %v, %v", text, v, err)
	}
	return v[0].F
}

// TestImportRewrites: what is written is read by check without a complaint, and our own
// format needs no import.
func TestImportRewrites(t *testing.T) {
	dir := t.TempDir()
	sloth, out := write(t, filepath.Join(dir, "sloth.yml"), slothPay), filepath.Join(dir, "own.yml")
	if code, _, complaint := slowburn(t, "import", "--out="+out, sloth); code != 0 || !strings.Contains(complaint, "1 objective") {
		t.Fatalf("exit code %d: %s", code, complaint)
	}
	if code, said, _ := slowburn(t, "check", "--strict", out); code != 0 {
		t.Error(said)
	}
	if code, _, complaint := slowburn(t, "import", write(t, filepath.Join(dir, "native.yml"), checkoutSLO)); code == 0 || !strings.Contains(complaint, "slowburn's format already") {
		t.Errorf("want our own format refused, have %d %s", code, complaint)
	}
}
