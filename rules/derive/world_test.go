package derive_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/slo"
)

const slotMs = 15_000

// at is the event time of the tests: 2026-03-29 is when clocks change in Berlin.
func at(s string) int64 {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

// row is what one ledger counted in one slot.
type row struct {
	ts                                                 int64
	bad, total, observed, expected, lateBad, lateTotal float64
}

// ledgerRows are the rows of one ledger of a budget.
type ledgerRows struct {
	budget     *slo.Budget
	source     string
	generation string
	rows       []row // ascending
}

// tb is what *testing.T, *testing.B and *rapid.T have in common.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// openLedger opens an empty ledger TSDB below dir.
func openLedger(t tb, dir string) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.StripeSize = 1 << 8
	opts.WALSegmentSize = -1
	opts.OutOfOrderTimeWindow = (200 * 24 * time.Hour).Milliseconds()
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	return db
}

// write stores ledgers as the engine does: cumulative, from 0, late amounts only
// where they change.
func write(t tb, db *promtsdb.DB, ledgers ...ledgerRows) {
	t.Helper()
	app := db.AppenderV2(context.Background())
	type series struct {
		lset labels.Labels
		ref  storage.SeriesRef
	}
	add := func(s *series, ts int64, v float64) {
		ref, err := app.Append(s.ref, s.lset, 0, ts, v, nil, nil, storage.AppendV2Options{})
		if err != nil {
			t.Fatalf("append %s at %d: %v", s.lset, ts, err)
		}
		s.ref = ref
	}
	for _, l := range ledgers {
		lb := labels.NewBuilder(l.budget.Labels)
		lb.Set(slo.LabelGeneration, l.generation)
		lb.Set(slo.LabelSource, l.source)
		var all [6]series
		for i, name := range []string{
			"slo_bad_events_total", "slo_events_total", "slo_scrapes_observed_total", "slo_scrapes_expected_total",
			"slo_late_bad_events_total", "slo_late_events_total",
		} {
			all[i].lset = lb.Set(labels.MetricName, name).Labels()
		}
		var sum row
		for _, r := range l.rows {
			sum = row{r.ts, sum.bad + r.bad, sum.total + r.total, sum.observed + r.observed, sum.expected + r.expected, sum.lateBad + r.lateBad, sum.lateTotal + r.lateTotal}
			for i, v := range []float64{sum.bad, sum.total, sum.observed, sum.expected} {
				add(&all[i], r.ts, v)
			}
			if r.lateBad != 0 || r.lateTotal != 0 {
				add(&all[4], r.ts, sum.lateBad)
				add(&all[5], r.ts, sum.lateTotal)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// steady makes n rows from start on, one a slot, of the given counts.
func steady(start int64, n int, bad, total float64) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{ts: start + int64(i)*slotMs, bad: bad, total: total, observed: 1, expected: 1}
	}
	return rows
}

// objective is a 30 d objective of 99.9 % with the default alerts.
func objective(service, name string) *slo.Objective {
	w := slo.Rolling(30 * 24 * time.Hour)
	return &slo.Objective{
		Service: service, Name: name, Target: 0.999, Format: slo.FormatNative,
		Windows: []slo.Window{w},
		Rules:   slo.DefaultTiers()["standard"].Rules(w),
	}
}

// budgetOf is a budget known from `from` on, in one generation.
func budgetOf(o *slo.Objective, groups labels.Labels, from int64) *slo.Budget {
	return &slo.Budget{
		Objective: o, Groups: groups, Labels: o.BudgetLabels(groups),
		Versions:    []slo.Version{{From: from, Target: o.Target}},
		Generations: []slo.Generation{{ID: "1", From: from, To: math.MaxInt64}},
	}
}

// view is a view of db at wall time now.
func view(t tb, db storage.Queryable, now int64, budgets ...*slo.Budget) *derive.View {
	return viewWith(t, db, derive.Options{Now: func() int64 { return now }}, budgets...)
}

func viewWith(t tb, db storage.Queryable, opts derive.Options, budgets ...*slo.Budget) *derive.View {
	t.Helper()
	opts.Catalogue = func() []*slo.Budget { return budgets }
	v, err := derive.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// point is one sample; stale says that it is a stale marker.
type point struct {
	T     int64
	V     float64
	Stale bool
}

func expand(t tb, it chunkenc.Iterator) []point {
	t.Helper()
	var out []point
	for it.Next() == chunkenc.ValFloat {
		ts, v := it.At()
		out = append(out, newPoint(ts, v))
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func newPoint(ts int64, v float64) point {
	if value.IsStaleNaN(v) {
		return point{T: ts, Stale: true}
	}
	return point{T: ts, V: v}
}

// selectAll reads all samples of the series that match, by labels.
func selectAll(t tb, v *derive.View, mint, maxt int64, ms ...*labels.Matcher) map[string][]point {
	t.Helper()
	q, err := v.Querier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	out := map[string][]point{}
	set := q.Select(context.Background(), true, nil, ms...)
	for set.Next() {
		s := set.At()
		if _, ok := out[s.Labels().String()]; ok {
			t.Fatalf("series twice: %s", s.Labels())
		}
		out[s.Labels().String()] = expand(t, s.Iterator(nil))
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func matcher(name string, typ labels.MatchType, v string) *labels.Matcher {
	return labels.MustNewMatcher(typ, name, v)
}

func named(name string) *labels.Matcher {
	return matcher(labels.MetricName, labels.MatchEqual, name)
}

// counts is the brute-force sum: every row in (start, end] of a generation in force.
func counts(ledgers []ledgerRows, b *slo.Budget, start, end int64, onTime bool) slo.Counts {
	var c slo.Counts
	for _, l := range ledgers {
		g := slices.IndexFunc(b.Generations, func(g slo.Generation) bool { return g.ID == l.generation })
		if l.budget != b || g < 0 {
			continue
		}
		for _, r := range l.rows {
			if r.ts <= start || r.ts > end || r.ts <= b.Generations[g].From || r.ts > b.Generations[g].To {
				continue
			}
			c = c.Add(slo.Counts{Bad: r.bad, Total: r.total, Observed: r.observed, Expected: r.expected})
			if onTime {
				c.Bad -= r.lateBad
				c.Total -= r.lateTotal
			}
		}
	}
	return c
}

func closeDB(t testing.TB, db *promtsdb.DB) {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
