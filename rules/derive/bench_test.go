package derive_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/slo"
)

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		Parser:                   parser.NewParser(parser.Options{}),
	})
}

// cpuTime is what the process has used, garbage collection included: wall time means
// little on a busy machine.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fleet is a ledger of n objectives: the first has 60 days of rows in blocks, as
// after compaction, the others the last hours in the head.
func fleet(b *testing.B, n int) (db *promtsdb.DB, now int64, budgets []*slo.Budget) {
	b.Helper()
	now = at("2026-06-30 12:00:07")
	start := (now - (60 * 24 * time.Hour).Milliseconds()) / slotMs * slotMs
	opts := promtsdb.DefaultOptions()
	opts.RetentionDuration = (400 * 24 * time.Hour).Milliseconds()
	// Fewer and larger blocks from the start: compacting up from 2 h takes minutes.
	opts.MinBlockDuration = (54 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = (31 * 24 * time.Hour).Milliseconds()
	opts.WALSegmentSize = -1
	db, err := promtsdb.Open(b.TempDir(), nil, nil, opts, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.DisableCompactions()
	for i := range n {
		o := objective(fmt.Sprintf("service-%d", i%100), fmt.Sprintf("slo-%d", i))
		budgets = append(budgets, budgetOf(o, labels.EmptyLabels(), start))
	}
	days := steady(start+slotMs, 60*5760, 0, 40)
	for i := range days {
		if i%50 == 0 {
			days[i].bad = float64(i % 7)
		}
	}
	day := 5760
	for i := 0; i < len(days)-day/2; i += day {
		write(b, db, ledgerRows{budget: budgets[0], source: "prod/0", generation: "1", rows: cumulativeFrom(days, i, i+day)})
	}
	db.EnableCompactions()
	if err := db.Compact(context.Background()); err != nil {
		b.Fatal(err)
	}
	db.DisableCompactions()
	recent := steady(now/slotMs*slotMs-60*slotMs, 60, 1, 1000)
	for _, bg := range budgets[1:] {
		write(b, db, ledgerRows{budget: bg, source: "prod/0", generation: "1", rows: recent})
	}
	return db, now, budgets
}

// cumulativeFrom is rows[i:j] whose first row carries what was before, as write
// starts to count at 0.
func cumulativeFrom(rows []row, i, j int) []row {
	out := slices.Clone(rows[i:min(j, len(rows))])
	for _, r := range rows[:i] {
		out[0].bad += r.bad
		out[0].total += r.total
		out[0].observed += r.observed
		out[0].expected += r.expected
	}
	return out
}

// BenchmarkBudgetCurve is a 30-day curve at 5 min steps through PromQL: at most 50 ms
// at the 99th percentile (DESIGN.md §8).
func BenchmarkBudgetCurve(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("slos=%d", n), func(b *testing.B) {
			db, now, budgets := fleet(b, n)
			v := viewWith(b, db, derive.Options{Now: func() int64 { return now }}, budgets...)
			engine := newEngine()
			for _, q := range []string{
				`slo_error_budget_remaining_ratio{slo="slo-0",window="30d"}`,
				`slo_burn_rate{slo="slo-0",window="1h"}`,
				`slo_budget_state{slo="slo-0"} == 1`,
			} {
				b.Run(q, func(b *testing.B) {
					var took []time.Duration
					cpu := cpuTime()
					for b.Loop() {
						start := time.Now()
						query, err := engine.NewRangeQuery(context.Background(), stepped{v, 5 * time.Minute}, nil, q, time.UnixMilli(now).Add(-30*24*time.Hour), time.UnixMilli(now), 5*time.Minute)
						if err != nil {
							b.Fatal(err)
						}
						res := query.Exec(context.Background())
						m, err := res.Matrix()
						if err != nil || len(m) == 0 || len(m[0].Floats) < 8000 && q[0:9] != "slo_budge" {
							b.Fatalf("%v: %d series", err, len(m))
						}
						query.Close()
						took = append(took, time.Since(start))
					}
					slices.Sort(took)
					b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/1000/float64(len(took)), "cpu-ms/op")
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				})
			}
		})
	}
}

// BenchmarkOverview is what a table of all objectives asks for.
func BenchmarkOverview(b *testing.B) {
	db, now, budgets := fleet(b, 10_000)
	v := viewWith(b, db, derive.Options{Now: func() int64 { return now }}, budgets...)
	engine := newEngine()
	for _, q := range []string{
		`slo_burn_rate{window="1h"}`,
		`slo_error_budget_remaining_ratio`,
		`slo_budget_state == 1`,
		`slo_info`,
		`slo_events_total`,
	} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				query, err := engine.NewInstantQuery(context.Background(), stepped{v, 5 * time.Minute}, nil, q, time.UnixMilli(now))
				if err != nil {
					b.Fatal(err)
				}
				vec, err := query.Exec(context.Background()).Vector()
				if err != nil || len(vec) != len(budgets) {
					b.Fatalf("%v: %d series", err, len(vec))
				}
				query.Close()
			}
		})
	}
}

// BenchmarkIndex is what a changed catalogue costs the next query.
func BenchmarkIndex(b *testing.B) {
	var budgets []*slo.Budget
	for i := range 100_000 {
		budgets = append(budgets, budgetOf(objective("service", fmt.Sprintf("slo-%d", i)), labels.EmptyLabels(), 0))
	}
	db := openLedger(b, b.TempDir())
	defer db.Close()
	i := 0
	v, err := derive.New(db, derive.Options{Catalogue: func() []*slo.Budget { i++; return budgets[i%2:] }})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		q, _ := v.Querier(0, 1)
		q.Close()
	}
}
