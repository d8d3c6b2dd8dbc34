package derive_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/slo"
)

var emptyEqual = cmpopts.EquateEmpty()

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// TestNames is the list of every series of a native objective by region and of a
// Sloth one. UPDATE_GOLDEN=1 rewrites it.
func TestNames(t *testing.T) {
	v, now := shop(t)
	have := strings.Join(texts(list(t, v, now.Add(-time.Hour).UnixMilli(), now.UnixMilli(), selector(t, `{region=~"eu|",slo=~"checkout|pay|",__name__!=""}`)...)), "\n") + "\n"
	golden := filepath.Join("testdata", "names.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(have, "\n")); diff != "" {
		t.Errorf("series (-want +have):\n%s", diff)
	}
}

// many is a view of n objectives with an hour of rows each.
func many(t *testing.T, n int, opts derive.Options) (*derive.View, int64) {
	t.Helper()
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	start := at("2026-05-01 00:00:00")
	now := start + 3_600_000 + 7_000
	var budgets []*slo.Budget
	var ledgers []ledgerRows
	for i := range n {
		b := budgetOf(objective("shop", fmt.Sprintf("slo-%03d", i)), labels.EmptyLabels(), start)
		budgets = append(budgets, b)
		ledgers = append(ledgers, ledgerRows{b, "", "1", steady(start+slotMs, 240, float64(i), 1000)})
	}
	write(t, db, ledgers...)
	opts.Now = func() int64 { return now }
	return viewWith(t, db, opts, budgets...), now
}

func text(set *metrics.Set) string {
	var b bytes.Buffer
	set.WritePrometheus(&b)
	return b.String()
}

func TestSelectAllIsRefused(t *testing.T) {
	set := metrics.NewSet()
	v, now := many(t, 100, derive.Options{MaxSeries: 1000, Metrics: set})
	q, _ := v.Querier(now-300_000, now)
	defer q.Close()
	ss := q.Select(context.Background(), false, nil, matcher(labels.MetricName, labels.MatchRegexp, ".+"))
	if ss.Next() || ss.Err() == nil || !strings.Contains(ss.Err().Error(), "more than 1000 series") {
		t.Errorf("want a refusal that names the limit, have %v", ss.Err())
	}
	if want := "slowburn_derive_selects_rejected_total 1\n"; !strings.Contains(text(set), want) {
		t.Errorf("want %q in\n%s", want, text(set))
	}
	// A limit asked for is no error.
	ss = q.Select(context.Background(), false, &storage.SelectHints{Start: now - 300_000, End: now, Limit: 7}, matcher(labels.MetricName, labels.MatchRegexp, ".+"))
	n := 0
	for ss.Next() {
		n++
	}
	if n != 7 || ss.Err() != nil {
		t.Errorf("want 7 series, have %d, %v", n, ss.Err())
	}
}

func TestLabelLimits(t *testing.T) {
	v, now := many(t, 20, derive.Options{})
	q, _ := v.Querier(now-300_000, now)
	defer q.Close()
	have, _, err := q.LabelValues(context.Background(), "slo", &storage.LabelHints{Limit: 3})
	if diff := cmp.Diff([]string{"slo-000", "slo-001", "slo-002"}, have); diff != "" || err != nil {
		t.Errorf("%v (-want +have):\n%s", err, diff)
	}
	have, _, err = q.LabelNames(context.Background(), &storage.LabelHints{Limit: 2})
	if diff := cmp.Diff([]string{"__name__", "service"}, have); diff != "" || err != nil {
		t.Errorf("%v (-want +have):\n%s", err, diff)
	}
}

// Shards are disjoint and together everything.
func TestShards(t *testing.T) {
	v, now := many(t, 5, derive.Options{})
	q, _ := v.Querier(now-300_000, now)
	defer q.Close()
	count := func(shards, i uint64) int {
		ss := q.Select(context.Background(), false, &storage.SelectHints{Start: now - 300_000, End: now, ShardCount: shards, ShardIndex: i}, named("slo_burn_rate"))
		n := 0
		for ss.Next() {
			n++
		}
		return n
	}
	if all, parts := count(0, 0), count(2, 0)+count(2, 1); all != parts || all == 0 || count(2, 0) == 0 {
		t.Errorf("want %d series in two shards, have %d", all, parts)
	}
}

// Counters are read once for a budget's series, and for many budgets at once.
func TestReadsTheLedgerOnce(t *testing.T) {
	set := metrics.NewSet()
	v, now := many(t, 100, derive.Options{Metrics: set})
	if n := len(selectAll(t, v, now-300_000, now, matcher(labels.MetricName, labels.MatchRegexp, "slo_(burn|error|budget|window).*"))); n < 2000 {
		t.Fatalf("only %d series", n)
	}
	if want := "slowburn_derive_ledger_loads_total 1\n"; !strings.Contains(text(set), want) {
		t.Errorf("want %q in\n%s", want, text(set))
	}
}

// Series cost nothing until they are read.
func TestSelectAloneReadsNothing(t *testing.T) {
	set := metrics.NewSet()
	v, now := many(t, 10, derive.Options{Metrics: set})
	q, _ := v.Querier(now-300_000, now)
	defer q.Close()
	ss := q.Select(context.Background(), true, nil, matcher(labels.MetricName, labels.MatchRegexp, "slo_.*"))
	for ss.Next() {
		ss.At().Iterator(nil)
	}
	if want := "slowburn_derive_ledger_loads_total 0\n"; !strings.Contains(text(set), want) {
		t.Errorf("want %q in\n%s", want, text(set))
	}
}

func TestCancelled(t *testing.T) {
	v, now := many(t, 10, derive.Options{})
	q, _ := v.Querier(now-300_000, now)
	defer q.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ss := q.Select(ctx, true, nil, named("slo_burn_rate"))
	if !ss.Next() {
		t.Fatal(ss.Err())
	}
	it := ss.At().Iterator(nil)
	cancel()
	if it.Next() != chunkenc.ValNone || it.Err() != context.Canceled {
		t.Errorf("want %v, have %v", context.Canceled, it.Err())
	}
	if ss := q.Select(ctx, true, nil, named("slo_burn_rate")); ss.Next() || ss.Err() != context.Canceled {
		t.Errorf("want %v, have %v", context.Canceled, ss.Err())
	}
}

// A catalogue is indexed once, and a new one at once.
func TestCatalogueChanges(t *testing.T) {
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	set := metrics.NewSet()
	a := budgetOf(objective("shop", "a"), labels.EmptyLabels(), 0)
	b := budgetOf(objective("shop", "b"), labels.EmptyLabels(), 0)
	catalogue := []*slo.Budget{a}
	v, err := derive.New(db, derive.Options{Catalogue: func() []*slo.Budget { return catalogue }, Metrics: set})
	if err != nil {
		t.Fatal(err)
	}
	values := func() []string {
		q, _ := v.Querier(0, time.Now().UnixMilli())
		defer q.Close()
		have, _, err := q.LabelValues(context.Background(), "slo", nil)
		if err != nil {
			t.Fatal(err)
		}
		return have
	}
	values()
	if diff := cmp.Diff([]string{"a"}, values()); diff != "" {
		t.Error(diff)
	}
	catalogue = []*slo.Budget{b, a}
	if diff := cmp.Diff([]string{"a", "b"}, values()); diff != "" {
		t.Error(diff)
	}
	if want := "slowburn_derive_index_builds_total 2\n"; !strings.Contains(text(set), want) {
		t.Errorf("want %q in\n%s", want, text(set))
	}
}

// Remote read takes chunks; they hold the same samples.
func TestChunks(t *testing.T) {
	v, now := shop(t)
	mint, maxt := now.Add(-6*time.Hour).UnixMilli(), now.UnixMilli()
	want := map[string][]point{}
	q, _ := v.Querier(mint, maxt)
	defer q.Close()
	ss := q.Select(context.Background(), true, nil, selector(t, `{slo=~"checkout|pay"}`)...)
	for ss.Next() {
		want[ss.At().Labels().String()] = expand(t, ss.At().Iterator(nil))
	}
	cq, err := v.ChunkQuerier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	defer cq.Close()
	have := map[string][]point{}
	css := cq.Select(context.Background(), true, nil, selector(t, `{slo=~"checkout|pay"}`)...)
	for css.Next() {
		var points []point
		for it := css.At().Iterator(nil); it.Next(); {
			points = append(points, expand(t, it.At().Chunk.Iterator(nil))...)
		}
		have[css.At().Labels().String()] = points
	}
	if css.Err() != nil || len(want) < 50 {
		t.Fatalf("%v, %d series", css.Err(), len(want))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("samples (-want +have):\n%s", diff)
	}
}

// A query over more than a querier may hold lets go of what it read, and reads it
// again for whoever still wants it.
func TestEviction(t *testing.T) {
	set := metrics.NewSet()
	v, now := many(t, 20, derive.Options{Metrics: set, MaxHeld: 1000})
	q, _ := v.Querier(now-3_600_000, now)
	defer q.Close()
	ss := q.Select(context.Background(), true, nil, selector(t, `slo_burn_rate{window="5m"}`)...)
	var its []chunkenc.Iterator
	for ss.Next() {
		its = append(its, ss.At().Iterator(nil))
	}
	// In lockstep, as timestamp() reads, so that none is done while others begin.
	start := now - now%slotMs - 3_600_000
	for ts := start + 30*slotMs; ts < now; ts += 50 * slotMs {
		for i, it := range its {
			if it.Seek(ts) != chunkenc.ValFloat || it.Next() != chunkenc.ValFloat {
				t.Fatal(it.Err())
			}
			want := slo.Counts{Bad: float64(i), Total: 1000}.BurnRate(0.999)
			if have, v := it.At(); have != ts+slotMs || v != want {
				t.Errorf("slo %d: want %v at %d, have %v at %d", i, want, ts+slotMs, v, have)
			}
		}
	}
	if strings.Contains(text(set), "slowburn_derive_evictions_total 0\n") {
		t.Errorf("nothing was let go:\n%s", text(set))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	none := func() []*slo.Budget { return nil }
	for want, opts := range map[string]derive.Options{
		"derive: Catalogue is required":                       {},
		"derive: slot 7s does not divide a minute":            {Catalogue: none, Slot: 7 * time.Second},
		"derive: MaxSeries -1 or MaxHeld 8388608 is negative": {Catalogue: none, MaxSeries: -1},
	} {
		if _, err := derive.New(db, opts); err == nil || err.Error() != want {
			t.Errorf("want %q, have %v", want, err)
		}
	}
	if _, err := derive.New(nil, derive.Options{Catalogue: none}); err == nil {
		t.Error("want an error without a ledger")
	}
}
