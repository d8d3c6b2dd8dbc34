package formula_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/formula"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
)

// The stretch: four hours from 2025-01-15 00:00 UTC, ms.
const (
	start  = int64(1_736_899_200_000)
	end    = start + 4*60*minute
	minute = 60_000
)

const files = `version: prometheus/v1
service: shop
slos:
  - name: plain
    objective: 99
    sli: {events: {error_query: 'sum(rate(requests_total{code="500"}[{{.window}}]))', total_query: 'sum(rate(requests_total[{{.window}}]))'}}
    alerting: {name: Plain}
  - name: grouped
    objective: 99.9
    sli: {events: {error_query: 'sum by (region) (rate(requests_total{code="500"}[{{.window}}]))', total_query: 'sum by (region) (rate(requests_total[{{.window}}]))'}}
    alerting: {name: Grouped}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: pyrra}
spec:
  target: "99"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'requests_total{code="500"}'}
      total: {metric: requests_total}
      grouping: [region]
`

// asTheToolsWrite are the formulas in the tools' own words: Sloth's rule for the period
// over its rule for five minutes, and Pyrra's two increases. W is the period.
var asTheToolsWrite = map[string]string{
	"shop/plain":    meanOf(`sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m]))`),
	"shop/grouped":  meanOf(`sum by (region) (rate(requests_total{code="500"}[5m])) / sum by (region) (rate(requests_total[5m]))`),
	"default/pyrra": `(sum by (region) (increase(requests_total{code="500"}[4h])) or 0 * sum by (region) (increase(requests_total[4h]))) / sum by (region) (increase(requests_total[4h]))`,
}

func meanOf(ratio string) string {
	return fmt.Sprintf("sum_over_time((%s)[4h:1m]) / count_over_time((%s)[4h:1m])", ratio, ratio)
}

// TestFormulasAreTheTools: over random traffic with pauses, resets, restarts under
// another name and regions that come and go, both formulas are what upstream's PromQL
// makes of the text that the tool itself would have written.
func TestFormulasAreTheTools(t *testing.T) {
	set, err := load.Text("slo.yml", []byte(files), spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	compared, void := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		db := openDB(t)
		defer db.Close()
		write(t, db, rt)
		for _, o := range set.Objectives {
			have, err := formula.Of(context.Background(), db, o, start, end)
			if err != nil {
				rt.Fatal(err)
			}
			want := evaluate(t, db, asTheToolsWrite[o.ID()])
			if len(have) != len(want) {
				rt.Fatalf("%s: want %v, have %v", o.ID(), want, have)
			}
			for _, b := range have {
				i := slices.IndexFunc(want, func(s promql.Sample) bool { return labels.Equal(s.Metric, b.Labels) })
				if i < 0 {
					rt.Fatalf("%s: want one of %v, have %s", o.ID(), want, b.Labels)
				}
				compared++
				if math.IsNaN(want[i].F) {
					void++
				}
				if d := math.Abs(want[i].F - b.Ratio); d > 1e-9 || math.IsNaN(want[i].F) != math.IsNaN(b.Ratio) {
					rt.Fatalf("%s %s: want %v, have %v", o.ID(), b.Labels, want[i].F, b.Ratio)
				}
				if left := 1 - want[i].F/(1-o.Target); !math.IsNaN(left) && math.Abs(left-b.Remaining(o.Target)) > 1e-6 {
					rt.Fatalf("%s: want %v left, have %v", o.ID(), left, b.Remaining(o.Target))
				}
			}
		}
	})
	if compared == 0 || void == 0 || void == compared {
		t.Errorf("%d of %d budgets have no number: not what this test is for", void, compared)
	}
}

// write makes up four hours and a half of requests, of two instances in each region.
func write(t *testing.T, db *promtsdb.DB, rt *rapid.T) {
	t.Helper()
	app := db.AppenderV2(context.Background())
	for _, region := range []string{"eu", "us"} {
		for _, instance := range []string{"a", "b"} {
			begin, stop := int64(0), int64(270)
			if rapid.Bool().Draw(rt, "comes late") {
				begin = rapid.Int64Range(0, 200).Draw(rt, "begin")
			}
			if rapid.Bool().Draw(rt, "goes early") {
				stop = rapid.Int64Range(begin+10, 270).Draw(rt, "stop")
			}
			busy := rapid.Float64Range(1, 500).Draw(rt, "busy")
			failing, pause := rapid.Int64Range(0, 250).Draw(rt, "failing"), rapid.Int64Range(0, 250).Draw(rt, "pause")
			lasts := rapid.Int64Range(0, 40).Draw(rt, "lasts")
			reset := rapid.Int64Range(0, 400).Draw(rt, "reset")
			var good, bad float64
			for m := begin; m <= stop; m++ {
				switch {
				case m == reset:
					good, bad = 0, 0
				case m >= pause && m < pause+lasts: // nobody asks
				case m >= failing && m < failing+lasts:
					bad += math.Floor(busy)
				default:
					good += math.Floor(busy)
				}
				for code, v := range map[string]float64{"200": good, "500": bad} {
					lset := labels.FromStrings(labels.MetricName, "requests_total", "region", region, "instance", instance, "code", code)
					if _, err := app.Append(0, lset, 0, start-30*minute+m*minute, v, nil, nil, storage.AppendV2Options{}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

func evaluate(t *testing.T, db *promtsdb.DB, query string) promql.Vector {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer engine.Close()
	q, err := engine.NewInstantQuery(context.Background(), db, nil, query, time.UnixMilli(end))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(context.Background()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(v)
}

func openDB(t *testing.T) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.WALSegmentSize, opts.StripeSize, opts.RetentionDuration = -1, 1<<4, 0
	opts.OutOfOrderTimeWindow = (24 * time.Hour).Milliseconds()
	db, err := promtsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	return db
}

// TestGaugesAreCountedInSeconds: a gauge that is 0 for a quarter of the time, by Sloth's
// formula and by Pyrra's, comes to the seconds that slowburn counts.
func TestGaugesAreCountedInSeconds(t *testing.T) {
	set, err := load.Text("slo.yml", []byte(`version: prometheus/v1
service: shop
slos:
  - name: up
    objective: 99
    sli: {raw: {error_ratio_query: '1 - avg(avg_over_time(up[{{.window}}]))'}}
    alerting: {name: Up}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: up}
spec: {target: "99", window: 4w, indicator: {bool_gauge: {metric: up}}}
`), spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db := openDB(t)
	defer db.Close()
	app := db.AppenderV2(context.Background())
	for k := int64(-20); k <= 4*240; k++ {
		v := 1.0
		if k%4 == 0 {
			v = 0
		}
		if _, err := app.Append(0, labels.FromStrings(labels.MetricName, "up", "instance", "a"), 0, start+k*15_000, v, nil, nil, storage.AppendV2Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	const seconds = float64(end-start) / 1000
	for _, o := range set.Objectives {
		have, err := formula.Of(context.Background(), db, o, start, end)
		if err != nil || len(have) != 1 {
			t.Fatalf("%s: want one budget, have %v, %v", o.ID(), have, err)
		}
		if b := have[0]; math.Abs(b.Total-seconds) > seconds/100 || math.Abs(b.Bad-seconds/4) > seconds/100 {
			t.Errorf("%s: want %g s bad of %g, have %v of %v", o.ID(), seconds/4, seconds, b.Bad, b.Total)
		}
	}
}

// Each cause is named by the case that only it explains.
func TestCauses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		theirs formula.Budget
		ours   slo.Counts
		want   []string
	}{
		{"both agree", formula.Budget{Ratio: 0.001, Mean: nan, Bad: 10, Total: 10_000}, slo.Counts{Bad: 10, Total: 10_000}, []string{"none"}},
		{"nothing was counted", formula.Budget{Ratio: 0, Bad: 0, Total: 0}, slo.Counts{}, []string{"no-data"}},
		{"minutes without traffic void the mean", formula.Budget{Ratio: nan, Slices: 100, NaN: 10, Mean: 0.001, Bad: 10, Total: 10_000}, slo.Counts{Bad: 10, Total: 10_000}, []string{"nan-slices"}},
		{"a bad hour at night", formula.Budget{Ratio: 0.05, Slices: 100, Mean: 0.05, Bad: 10, Total: 10_000}, slo.Counts{Bad: 10, Total: 10_000}, []string{"uneven-traffic"}},
		{"a counter that was born with its errors", formula.Budget{Ratio: 0, Mean: nan, Bad: 0, Total: 10_000}, slo.Counts{Bad: 50, Total: 10_000}, []string{"lost-events"}},
		{"a window that samples do not fill", formula.Budget{Ratio: 0.0015, Mean: nan, Bad: 15, Total: 10_000}, slo.Counts{Bad: 10, Total: 10_000}, []string{"extrapolation"}},
		{"half of the traffic was not seen", formula.Budget{Ratio: 0.002, Mean: nan, Bad: 10, Total: 5_000}, slo.Counts{Bad: 10.5, Total: 10_000}, []string{"lost-events", "total"}},
		{"a query that sums nothing", formula.Budget{Labels: labels.FromStrings("instance", "a"), Ratio: 0.5}, slo.Counts{Bad: 1, Total: 10_000}, []string{"one-budget"}},
		{"a gauge between two looks", formula.Budget{Ratio: 0.0015, Mean: nan, Bad: 15, Total: 10_000}, slo.Counts{Bad: 10, Total: 10_000}, []string{"steps"}},
		{"minutes are good or bad", formula.Budget{Ratio: 0.5, Mean: nan, Bad: 10, Total: 20}, slo.Counts{Bad: 1, Total: 10}, []string{"time-slices"}},
	} {
		var have []string
		o := slo.Objective{Target: 0.99}
		switch {
		case slices.Contains(c.want, "time-slices"):
			o.SLI.Slice.Length = time.Minute
		case slices.Contains(c.want, "steps"):
			o.SLI.Terms = []slo.Term{{Kind: slo.GaugeSlices, Bad: 1, Total: 1}}
		}
		for _, cause := range formula.Causes(&c.theirs, c.ours, &o) {
			if cause.Text == "" {
				t.Errorf("%s: %s has no words", c.name, cause.Name)
			}
			have = append(have, cause.Name)
		}
		if !slices.Equal(c.want, have) {
			t.Errorf("%s: want %v, have %v", c.name, c.want, have)
		}
	}
}
