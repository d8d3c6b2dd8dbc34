package derive_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/slo"
)

// TestEqualToBruteForce draws ledgers with gaps, several sources and generations,
// late amounts, dated targets and calendar windows across a clock change, and
// compares every sample of every series with sums over the rows themselves.
func TestEqualToBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		v := w.view(t)
		for range 3 {
			mint := w.start + slotMs*rapid.Int64Range(-100, w.slots).Draw(t, "mint") + rapid.Int64Range(-1, 1).Draw(t, "off")
			maxt := min(mint+slotMs*rapid.Int64Range(0, 4000).Draw(t, "range"), w.now)
			want := w.want(mint, maxt)
			if diff := differ(want, w.have(t, v, mint, maxt)); diff != "" {
				t.Fatalf("samples from %s to %s (-want +have):\n%s", ago(mint, w.now), ago(maxt, w.now), diff)
			}
			w.seek(t, v, mint, maxt, want)
		}
	})
}

// view is over a ledger that holds the world, until the check has ended.
func (w *world) view(t *rapid.T) *derive.View {
	dir, err := os.MkdirTemp("", "derive")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	db := openLedger(t, dir)
	t.Cleanup(func() { db.Close() })
	write(t, db, w.ledgers...)
	var ledger storage.Queryable = db
	if rapid.Bool().Draw(t, "samples only") {
		ledger = struct{ storage.Queryable }{db}
	}
	return view(t, ledger, w.now, w.budgets...)
}

// differ is cmp.Diff of the series that are not equal, which is much faster.
func differ(want, have map[string][]point) string {
	for name, points := range want {
		if slices.Equal(points, have[name]) {
			delete(have, name)
		} else if have[name] == nil {
			return fmt.Sprintf("no series %s, want %d samples", name, len(points))
		} else {
			return name + cmp.Diff(points, have[name])
		}
	}
	return cmp.Diff(map[string][]point{}, have)
}

func ago(ts, now int64) string { return fmt.Sprintf("%d slots before now", (now-ts)/slotMs) }

type world struct {
	start, now, slots int64
	budgets           []*slo.Budget
	ledgers           []ledgerRows
}

func drawWorld(t *rapid.T) *world {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	kathmandu, _ := time.LoadLocation("Asia/Kathmandu")
	w := &world{start: at("2026-03-24 21:00:00"), slots: 6 * 24 * 240}
	end := w.start + w.slots*slotMs
	w.now = end + rapid.Int64Range(0, 20).Draw(t, "lag")*slotMs + 7_000

	o := objective("shop", "checkout")
	o.Windows = [][]slo.Window{
		{slo.Rolling(7 * 24 * time.Hour), slo.Rolling(3 * time.Hour)},
		{{Calendar: slo.Day, Zone: berlin, Length: 24 * time.Hour}},
		{{Calendar: slo.Week, Zone: kathmandu, Length: 7 * 24 * time.Hour}, slo.Rolling(24 * time.Hour)},
	}[rapid.IntRange(0, 2).Draw(t, "windows")]
	o.Target = 0.9
	o.Rules = slo.DefaultTiers()["standard"].Rules(slo.Rolling(30 * 24 * time.Hour))

	for i := range rapid.IntRange(1, 2).Draw(t, "budgets") {
		groups := labels.EmptyLabels()
		if i > 0 {
			o.SLI.By = []string{"region"}
			groups = labels.FromStrings("region", "eu")
		}
		b := budgetOf(o, groups, w.start)
		if rapid.Bool().Draw(t, "from ever") {
			b.Generations[0].From = math.MinInt64
		}
		if rapid.Bool().Draw(t, "dated") {
			b.Versions = append(b.Versions, slo.Version{From: w.start + w.slots/2*slotMs, Target: 0.99})
		}
		cut := int64(math.MaxInt64)
		if rapid.Bool().Draw(t, "two generations") {
			cut = w.start + rapid.Int64Range(0, w.slots).Draw(t, "cut")*slotMs
			b.Generations = []slo.Generation{{ID: "1", From: b.Generations[0].From, To: cut}, {ID: "2", From: cut, To: math.MaxInt64}}
		}
		w.budgets = append(w.budgets, b)
		for g := range b.Generations {
			for s := range rapid.IntRange(1, 2).Draw(t, "sources") {
				source := []string{"", "a/0"}[s]
				if len(w.ledgers)%3 == 2 {
					source = "b/1"
				}
				// Rows beyond what the generation has in force must not count.
				w.ledgers = append(w.ledgers, ledgerRows{b, source, b.Generations[g].ID, w.drawRows(t)})
			}
		}
		// A generation that is not in force, as backfill leaves one behind.
		w.ledgers = append(w.ledgers, ledgerRows{b, "", "old", w.drawRows(t)})
	}
	return w
}

// drawRows draws a few runs of rows with gaps of one slot to two days.
func (w *world) drawRows(t *rapid.T) []row {
	var rows []row
	ts := w.start + slotMs*rapid.Int64Range(-30, 500).Draw(t, "first")
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		for range rapid.IntRange(1, 40).Draw(t, "run") {
			if ts > w.start+w.slots*slotMs {
				return rows
			}
			r := row{ts: ts, expected: 1}
			if kind := rapid.IntRange(0, 9).Draw(t, "row"); kind > 1 {
				r.observed = 1
				r.total = float64(rapid.IntRange(0, 3).Draw(t, "total"))
				r.bad = min(r.total, float64(rapid.IntRange(0, 2).Draw(t, "bad")))
				if kind == 2 {
					r.lateTotal, r.lateBad = r.total, r.bad
				}
			}
			rows = append(rows, r)
			ts += slotMs
		}
		gap := 1 << rapid.IntRange(0, 13).Draw(t, "gap")
		ts += slotMs * int64(gap)
	}
	return rows
}

// inForce says whether any ledger in force has a row at ts.
func (w *world) inForce(b *slo.Budget) map[int64]bool {
	rows := map[int64]bool{}
	for _, l := range w.ledgers {
		if l.budget != b {
			continue
		}
		for _, g := range b.Generations {
			for _, r := range l.rows {
				if l.generation == g.ID && r.ts > g.From && r.ts <= g.To {
					rows[r.ts] = true
				}
			}
		}
	}
	return rows
}

type valueAt func(ts int64) (float64, bool)

// want walks every slot from mint to maxt.
func (w *world) want(mint, maxt int64) map[string][]point {
	out := map[string][]point{}
	first := (mint + slotMs - 1) / slotMs * slotMs
	settled := (w.now - 120_000) / slotMs * slotMs
	for _, b := range w.budgets {
		rows := w.inForce(b)
		last := int64(0)
		for ts := range rows {
			if ts >= first && ts <= maxt {
				last = max(last, ts)
			}
		}
		known := max(last, settled)
		add := func(name, label, value string, at valueAt) {
			lb := labels.NewBuilder(b.Labels)
			lb.Set(labels.MetricName, name)
			lb.Set(label, value)
			var have []point
			lasting := false
			for ts := first; ts <= maxt; ts += slotMs {
				v, ok := 0.0, false
				if rows[ts] {
					v, ok = at(ts)
				}
				switch {
				case ok:
					have = append(have, point{T: ts, V: v})
				case lasting && ts <= known:
					have = append(have, point{T: ts, Stale: true})
				}
				lasting = ok
			}
			out[lb.Labels().String()] = have
		}
		type window struct {
			start, end int64
			onTime     bool
		}
		memo := map[window]slo.Counts{}
		since := int64(math.MaxInt64)
		for ts := range rows {
			since = min(since, ts-slotMs)
		}
		count := func(win slo.Window, ts int64) slo.Counts {
			key := window{win.Start(ts, slo.DefaultSlot), ts, win.Calendar == "" && win.Length < 6*time.Hour}
			c, ok := memo[key]
			if !ok {
				c = counts(w.ledgers, b, key.start, key.end, key.onTime).Reaching(key.start, since, ts)
				memo[key] = c
			}
			return c
		}
		for _, win := range windowsOf(b.Objective) {
			add("slo_error_ratio", "window", win.String(), func(ts int64) (float64, bool) { return count(win, ts).ErrorRatio() })
			add("slo_burn_rate", "window", win.String(), func(ts int64) (float64, bool) { return count(win, ts).BurnRate(b.TargetAt(ts)), true })
			add("slo_window_coverage_ratio", "window", win.String(), func(ts int64) (float64, bool) { return count(win, ts).Coverage(), true })
		}
		for _, win := range b.Objective.Windows {
			add("slo_error_budget_remaining_ratio", "window", win.String(), func(ts int64) (float64, bool) { return count(win, ts).Remaining(b.TargetAt(ts)), true })
			add("slo_error_budget_remaining_events", "window", win.String(), func(ts int64) (float64, bool) { return count(win, ts).RemainingEvents(b.TargetAt(ts)), true })
			add("slo_error_budget_time_to_exhaustion_seconds", "window", win.String(), func(ts int64) (float64, bool) {
				return slo.TimeToExhaustion(count(win, ts), count(slo.Rolling(time.Hour), ts), b.TargetAt(ts)), true
			})
		}
		for _, state := range slo.States {
			lb := labels.NewBuilder(b.Labels)
			lb.Set(labels.MetricName, "slo_budget_state")
			lb.Set("state", string(state))
			var have []point
			for ts := max(first, w.since(b)); ts <= min(maxt, known); ts += slotMs {
				is := slo.StateNoData
				if rows[ts] {
					at := func(win slo.Window) slo.Counts { return count(win, ts) }
					is = slo.StateAt(b.Objective, slo.AppendPairs(nil, b.Objective.Rules, b.TargetAt(ts), at), at)
				}
				p := point{T: ts}
				if is == state {
					p.V = 1
				}
				have = append(have, p)
			}
			out[lb.Labels().String()] = have
		}
		for _, win := range b.Objective.Windows {
			lb := labels.NewBuilder(b.Labels)
			lb.Set(labels.MetricName, "slo_objective_ratio")
			lb.Set("window", win.String())
			var have []point
			for ts := max(first, w.since(b)); ts <= min(maxt, w.now); ts += slotMs {
				have = append(have, point{T: ts, V: b.TargetAt(ts)})
			}
			out[lb.Labels().String()] = have
		}
		w.wantStored(b, first, maxt, out)
	}
	return dropEmpty(out)
}

// dropEmpty leaves out series without samples: whether those are listed is another
// test's matter.
func dropEmpty(out map[string][]point) map[string][]point {
	maps.DeleteFunc(out, func(_ string, points []point) bool { return len(points) == 0 })
	return out
}

func (w *world) since(b *slo.Budget) int64 {
	since := b.Versions[0].From
	if from := b.Generations[0].From; from > 0 {
		since = min(since, from)
	}
	return (since + slotMs - 1) / slotMs * slotMs
}

// wantStored is each source's counters, or those of all if there is but one.
func (w *world) wantStored(b *slo.Budget, first, maxt int64, out map[string][]point) {
	type tally struct {
		rows  map[int64]bool
		parts []ledgerRows
		late  bool
	}
	bySource := map[string]*tally{}
	for _, l := range w.ledgers {
		if l.budget != b || len(l.rows) == 0 {
			continue
		}
		i := slices.IndexFunc(b.Generations, func(g slo.Generation) bool { return g.ID == l.generation })
		if i < 0 {
			continue
		}
		s := bySource[l.source]
		if s == nil {
			s = &tally{rows: map[int64]bool{}}
			bySource[l.source] = s
		}
		s.parts = append(s.parts, l)
		for _, r := range l.rows {
			s.late = s.late || r.lateTotal != 0 || r.lateBad != 0
			if r.ts > b.Generations[i].From && r.ts <= b.Generations[i].To {
				s.rows[r.ts] = true
			}
		}
	}
	for source, s := range bySource {
		names := map[string]func(slo.Counts, slo.Counts) float64{
			"slo_bad_events_total":       func(c, _ slo.Counts) float64 { return c.Bad },
			"slo_events_total":           func(c, _ slo.Counts) float64 { return c.Total },
			"slo_scrapes_observed_total": func(c, _ slo.Counts) float64 { return c.Observed },
			"slo_scrapes_expected_total": func(c, _ slo.Counts) float64 { return c.Expected },
		}
		if s.late {
			names["slo_late_bad_events_total"] = func(c, d slo.Counts) float64 { return c.Bad - d.Bad }
			names["slo_late_events_total"] = func(c, d slo.Counts) float64 { return c.Total - d.Total }
		}
		last := int64(0)
		for ts := range s.rows {
			if ts >= first && ts <= maxt {
				last = max(last, ts)
			}
		}
		for name, value := range names {
			lb := labels.NewBuilder(b.Labels)
			lb.Set(labels.MetricName, name)
			if len(bySource) > 1 {
				lb.Set("source", source)
			}
			var have []point
			lasting := false
			for ts := first; ts <= maxt; ts += slotMs {
				switch {
				case s.rows[ts]:
					all, onTime := counts(s.parts, b, 0, ts, false), counts(s.parts, b, 0, ts, true)
					have = append(have, point{T: ts, V: value(all, onTime)})
				case lasting && (ts <= last || ts <= (w.now-120_000)/slotMs*slotMs):
					have = append(have, point{T: ts, Stale: true})
				}
				lasting = s.rows[ts]
			}
			out[lb.Labels().String()] = have
		}
	}
}

func windowsOf(o *slo.Objective) []slo.Window {
	var out []slo.Window
	add := func(w slo.Window) {
		if !slices.ContainsFunc(out, func(have slo.Window) bool { return have.String() == w.String() }) {
			out = append(out, w)
		}
	}
	for _, r := range o.Rules {
		for _, p := range r.Pairs {
			add(slo.Rolling(p.Short))
			add(slo.Rolling(p.Long))
		}
	}
	for _, w := range o.Windows {
		add(w)
	}
	return out
}

// have reads all series but slo_info.
func (w *world) have(t tb, v *derive.View, mint, maxt int64) map[string][]point {
	out := selectAll(t, v, mint, maxt, matcher(labels.MetricName, labels.MatchNotEqual, "slo_info"))
	return dropEmpty(out)
}

// seek moves each series' iterator at random and compares with the list of samples.
func (w *world) seek(t *rapid.T, v *derive.View, mint, maxt int64, want map[string][]point) {
	q, err := v.Querier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	names := []string{"slo_error_ratio", "slo_burn_rate", "slo_budget_state", "slo_events_total"}
	set := q.Select(context.Background(), false, nil, named(rapid.SampledFrom(names).Draw(t, "name")))
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		points := want[s.Labels().String()]
		it = s.Iterator(it)
		i := -1
		for range 12 {
			if rapid.Bool().Draw(t, "next") {
				i++
				if have := it.Next(); (have == chunkenc.ValNone) != (i >= len(points)) {
					t.Fatalf("%s: Next says %s at sample %d of %d", s.Labels(), have, i, len(points))
				}
			} else {
				ts := mint + rapid.Int64Range(0, maxt-mint+1).Draw(t, "ts")
				i = max(i, 0)
				for i < len(points) && points[i].T < ts {
					i++
				}
				if have := it.Seek(ts); (have == chunkenc.ValNone) != (i >= len(points)) {
					t.Fatalf("%s: Seek(%d) says %s, want sample %d of %d", s.Labels(), ts, have, i, len(points))
				}
			}
			if i >= len(points) {
				break
			}
			ts, f := it.At()
			if diff := cmp.Diff(points[i], newPoint(ts, f)); diff != "" || ts != it.AtT() {
				t.Fatalf("%s: sample %d (-want +have):\n%s", s.Labels(), i, diff)
			}
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
}
