package rules_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/slo"
)

// look compares every window of every budget that was evaluated anew. from is how far
// sources were closed that have been closed further since the last look.
func (m *model) look(r *rig, seen, from map[string]int64) error {
	for _, st := range r.engine.Status() {
		groups := st.Groups.String()
		if st.TS == 0 || st.TS == seen[groups] {
			continue
		}
		seen[groups] = st.TS
		for _, w := range st.Windows {
			late := w.Window.Calendar != "" || w.Window.Length >= 6*time.Hour
			start := w.Window.Start(st.TS, slot)
			same := false
			for _, without := range subsets(from, st.TS) {
				b, n := m.window(groups, start, st.TS, late, without)
				same = same || w.Counts.Bad == b && w.Counts.Total == n
			}
			if !same {
				bad, total := m.window(groups, start, st.TS, late, nil)
				return fmt.Errorf("%s over %s at %d: want %g bad of %g, have %g of %g", groups, w.Window, st.TS-t0, bad, total, w.Counts.Bad, w.Counts.Total)
			}
		}
	}
	return nil
}

// subsets are the sources that may have closed slots in the same tick, but after the
// budget was evaluated at ts: those that were silent or behind, which hold nothing up.
// None of them is always one.
func subsets(from map[string]int64, ts int64) []map[string]int64 {
	out := []map[string]int64{{}}
	for source, closed := range from {
		if len(from) == 1 || closed >= ts {
			continue
		}
		for _, s := range out {
			more := maps.Clone(s)
			more[source] = closed
			out = append(out, more)
		}
	}
	return out
}

// compareRows compares every row of the ledger TSDB, so all windows there can be.
func (m *model) compareRows(r *rig) error {
	for key, l := range m.ledgers {
		ms := []*labels.Matcher{matcher("source", key.source)}
		for _, by := range m.def.SLI.By {
			v, _, _ := strings.Cut(strings.TrimPrefix(key.groups, "{"+by+`="`), `"`)
			if key.groups == "{}" {
				v = ""
			}
			ms = append(ms, matcher(slo.GroupLabel(by), v))
		}
		for name, want := range map[string]func(modelRow) float64{
			"slo_events_total":          func(r modelRow) float64 { return r.total },
			"slo_bad_events_total":      func(r modelRow) float64 { return r.bad },
			"slo_late_events_total":     func(r modelRow) float64 { return r.lateTot },
			"slo_late_bad_events_total": func(r modelRow) float64 { return r.lateBad },
		} {
			rows := r.rowsOf(append(ms, matcher(labels.MetricName, name))...)
			if err := compareRows(l.rows, want, rows); err != nil {
				return fmt.Errorf("%s%s of source %s: %w", name, key.groups, key.source, err)
			}
		}
	}
	return nil
}

func compareRows(model []modelRow, count func(modelRow) float64, rows []point) error {
	sum, i := 0.0, 0
	for _, p := range rows {
		for ; i < len(model) && model[i].end-t0 <= p.T; i++ {
			sum += count(model[i])
		}
		if p.V != sum {
			return fmt.Errorf("row at %d: want %g, have %g", p.T, sum, p.V)
		}
	}
	rest := 0.0
	for _, r := range model[i:] {
		rest += count(r)
	}
	if rest != 0 || len(rows) == 0 && sum != 0 {
		return fmt.Errorf("after the last row: want %g more", rest)
	}
	return nil
}

// rowsOf are the rows of the one stored series that matches.
func (r *rig) rowsOf(ms ...*labels.Matcher) []point {
	r.t.Helper()
	q, err := r.ledger.Querier(math.MinInt64, math.MaxInt64)
	r.must(err)
	defer q.Close()
	var out []point
	set := q.Select(r.t.Context(), false, nil, ms...)
	for n := 0; set.Next(); n++ {
		if n > 0 {
			r.t.Fatalf("two series match %v", ms)
		}
		for it := set.At().Iterator(nil); it.Next() != chunkenc.ValNone; {
			t, v := it.At()
			out = append(out, point{t - t0, v})
		}
	}
	r.must(set.Err())
	return out
}
