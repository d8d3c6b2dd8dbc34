package rules_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// BenchmarkSlothRules is what BenchmarkTick is held against: the CPU that upstream's
// PromQL engine spends on one evaluation of Sloth's rules for one SLO — the eight SLI
// ratios, the meta rules and both alerts — over the same kind of data in the same
// kind of TSDB. cpu-ns/slo grows with the series behind the SLO; ours does not.
func BenchmarkSlothRules(b *testing.B) {
	for _, series := range []int{10, 100} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			db, now := slothData(b, series)
			engine := promql.NewEngine(promql.EngineOpts{
				Logger: slog.New(slog.DiscardHandler), MaxSamples: 1e9, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
				EnableAtModifier: true, EnableNegativeOffset: true,
			})
			b.Cleanup(func() { _ = engine.Close() })
			before, n := cpuTime(), 0
			for b.Loop() {
				n++
				for _, expr := range slothExprs() {
					q, err := engine.NewInstantQuery(context.Background(), db, nil, expr, time.UnixMilli(now))
					if err != nil {
						b.Fatal(err)
					}
					if res := q.Exec(context.Background()); res.Err != nil {
						b.Fatal(res.Err)
					}
					q.Close()
				}
			}
			b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(n), "cpu-ns/slo")
		})
	}
}

// slothExprs are the expressions of Sloth v0.16 for one availability SLO.
func slothExprs() []string {
	var all []string
	for _, w := range []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"} {
		all = append(all, fmt.Sprintf(`(sum(rate(http_requests_total{service="s0",code=~"5.."}[%s]))) / (sum(rate(http_requests_total{service="s0"}[%s])))`, w, w))
	}
	const id = `{sloth_id="s0-availability"}`
	all = append(all,
		`sum_over_time(slo:sli_error:ratio_rate5m`+id+`[30d]) / ignoring (sloth_window) count_over_time(slo:sli_error:ratio_rate5m`+id+`[30d])`,
		`vector(0.999)`, `vector(1-0.999)`, `vector(30)`,
		`slo:sli_error:ratio_rate5m`+id+` / 0.001`, `slo:sli_error:ratio_rate5m`+id+` / 0.001`, `1 - slo:sli_error:ratio_rate5m`+id, `vector(1)`)
	pair := func(short, long string, factor float64) string {
		return fmt.Sprintf(`((slo:sli_error:ratio_rate5m%s > (%g * 0.001)) and ignoring (sloth_window) (slo:sli_error:ratio_rate5m%s > (%g * 0.001)))`, id, factor, id, factor)
	}
	return append(all, pair("5m", "1h", 14.4)+" or "+pair("30m", "6h", 6), pair("2h", "1d", 3)+" or "+pair("6h", "3d", 1))
}

// slothData is 3 d of scrapes every 15 s of one service's series, and 30 d of the
// 5 min ratio recorded every 30 s.
func slothData(b *testing.B, series int) (*promtsdb.DB, int64) {
	// As Prometheus runs it: no out-of-order window, all but the newest hours in blocks.
	opts := promtsdb.DefaultOptions()
	opts.RetentionDuration = 0
	db, err := promtsdb.Open(b.TempDir(), nil, nil, opts, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	recorded := labels.FromStrings(labels.MetricName, "slo:sli_error:ratio_rate5m", "sloth_id", "s0-availability", "sloth_window", "5m")
	scraped := make([]labels.Labels, series)
	for k := range scraped {
		code := "200"
		if k%10 == 9 {
			code = "500"
		}
		scraped[k] = labels.FromStrings(labels.MetricName, "http_requests_total", "service", "s0", "code", code, "instance", fmt.Sprintf("i%d", k), "job", "shop")
	}
	now := t0 + (30 * 24 * time.Hour).Milliseconds()
	app := db.AppenderV2(context.Background())
	put := func(lset labels.Labels, t int64, v float64) {
		if _, err := app.Append(0, lset, 0, t, v, nil, nil, storage.AppendV2Options{}); err != nil {
			b.Fatal(err)
		}
	}
	for i, t := int64(0), t0; t <= now; i, t = i+1, t+15_000 {
		if i%2 == 0 {
			put(recorded, t, float64(i%7)/1e4)
		}
		if t > now-(3*24*time.Hour).Milliseconds() {
			for _, lset := range scraped {
				put(lset, t, float64(i*150))
			}
		}
		if i%1000 == 0 || t == now {
			if err := app.Commit(); err != nil {
				b.Fatal(err)
			}
			app = db.AppenderV2(context.Background())
		}
	}
	if err := db.Compact(context.Background()); err != nil {
		b.Fatal(err)
	}
	return db, now
}
