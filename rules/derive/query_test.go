package derive_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// shop is a small world for queries by hand: an outage of 30 min in one day of
// checkout, per region; search without data; pay from a Sloth file.
func shop(t *testing.T) (storage.SampleAndChunkQueryable, time.Time) {
	t.Helper()
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	now := at("2026-05-02 00:00:20")
	start := at("2026-05-01 00:00:00")

	checkout := objective("shop", "checkout")
	checkout.Owner, checkout.Tier = "team-a", "critical"
	checkout.SLI.By = []string{"region"}
	checkout.Labels = map[string]string{"team": "a", "tier": "gold"}
	rollUp := budgetOf(checkout, labels.EmptyLabels(), start)
	eu := budgetOf(checkout, labels.FromStrings("region", "eu"), start)
	us := budgetOf(checkout, labels.FromStrings("region", "us"), start)
	search := budgetOf(objective("shop", "search"), labels.EmptyLabels(), start)
	pay := objective("bank", "pay")
	pay.Format, pay.Labels = slo.FormatSloth, map[string]string{"team": "b"}
	pay.Windows = []slo.Window{slo.Rolling(28 * 24 * time.Hour)}
	payBudget := budgetOf(pay, labels.EmptyLabels(), start)

	outage := func(bad float64) []row {
		rows := steady(start+slotMs, 5760, 0, 10)
		for i := 2400; i < 2520; i++ { // 10:00 to 10:30
			rows[i].bad = bad
		}
		return rows
	}
	write(t, db,
		ledgerRows{rollUp, "eu/0", "1", outage(5)},
		ledgerRows{eu, "eu/0", "1", outage(5)},
		ledgerRows{us, "eu/0", "1", outage(0)},
		ledgerRows{payBudget, "eu/0", "1", outage(10)},
		ledgerRows{payBudget, "us/0", "1", outage(0)},
	)
	app := db.AppenderV2(context.Background())
	alert := labels.FromStrings(labels.MetricName, "ALERTS", "alertname", "SLOErrorBudgetBurn", "alertstate", "firing", "slo", "checkout", "service", "shop")
	for _, ts := range []int64{start + 36_000_000, now - 60_000} {
		if _, err := app.Append(0, alert, 0, ts, 1, nil, nil, storage.AppendV2Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return view(t, db, now, rollUp, eu, us, search, payBudget), time.UnixMilli(now)
}

// instant evaluates a query, one line per series.
func instant(t *testing.T, v storage.Queryable, query string, ts time.Time) []string {
	t.Helper()
	q, err := newEngine().NewInstantQuery(context.Background(), v, nil, query, ts)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer q.Close()
	res := q.Exec(context.Background())
	if res.Err != nil {
		t.Fatalf("%s: %v", query, res.Err)
	}
	var lines []string
	switch r := res.Value.(type) {
	case promql.Vector:
		for _, s := range r {
			lines = append(lines, fmt.Sprintf("%s %.6g", s.Metric, s.F))
		}
	case promql.Matrix:
		for _, s := range r {
			lines = append(lines, fmt.Sprintf("%s %d samples", s.Metric, len(s.Floats)))
		}
	}
	return lines
}

func TestPromQL(t *testing.T) {
	v, now := shop(t)
	during := time.UnixMilli(at("2026-05-01 10:20:00"))
	for _, c := range []struct {
		query string
		ts    time.Time
		want  []string
	}{
		// Half of all events bad at 99.9 %: 500 times too fast.
		{`slo_burn_rate{slo="checkout",region="",window="5m"}`, during, []string{
			`{__name__="slo_burn_rate", service="shop", slo="checkout", window="5m"} 500`,
		}},
		{`max_over_time(slo_burn_rate{slo="checkout",region="eu",window="5m"}[24h])`, now, []string{
			`{region="eu", service="shop", slo="checkout", window="5m"} 500`,
		}},
		{`max_over_time(slo_burn_rate{slo="checkout",region="eu",window="1h"}[24h:1m])`, now, []string{
			`{region="eu", service="shop", slo="checkout", window="1h"} 250`,
		}},
		{`sum by (slo) (slo_burn_rate{region=~".+",window="5m"})`, during, []string{
			`{slo="checkout"} 500`,
		}},
		{`round(slo_error_budget_remaining_ratio{region="eu"}, 0.001)`, now, []string{
			`{region="eu", service="shop", slo="checkout", window="30d"} -9.417`,
		}},
		{`slo_error_budget_time_to_exhaustion_seconds{slo="checkout",region=""}`, during, []string{
			`{__name__="slo_error_budget_time_to_exhaustion_seconds", service="shop", slo="checkout", window="30d"} 0`,
		}},
		{`slo_error_budget_time_to_exhaustion_seconds{region="us"}`, now, []string{
			`{__name__="slo_error_budget_time_to_exhaustion_seconds", region="us", service="shop", slo="checkout", window="30d"} +Inf`,
		}},
		{`slo_budget_state == 1`, during, []string{
			`{__name__="slo_budget_state", service="shop", slo="checkout", state="burning"} 1`,
			`{__name__="slo_budget_state", region="eu", service="shop", slo="checkout", state="burning"} 1`,
			`{__name__="slo_budget_state", region="us", service="shop", slo="checkout", state="partial"} 1`,
			`{__name__="slo_budget_state", service="shop", slo="search", state="no-data"} 1`,
			`{__name__="slo_budget_state", service="bank", slo="pay", state="burning"} 1`,
		}},
		// Variables work without data, and joins bring what may change.
		{`slo_objective_ratio{slo=~"search|checkout"} * on(slo,service,region) group_left(owner) slo_info`, now, []string{
			`{service="shop", slo="search", window="30d"} 0.999`,
			`{owner="team-a", service="shop", slo="checkout", window="30d"} 0.999`,
			`{owner="team-a", region="eu", service="shop", slo="checkout", window="30d"} 0.999`,
			`{owner="team-a", region="us", service="shop", slo="checkout", window="30d"} 0.999`,
		}},
		{`slo_info{region="eu"}`, now, []string{
			`{__name__="slo_info", exported_tier="gold", owner="team-a", region="eu", service="shop", slo="checkout", target="0.999", team="a", tier="critical"} 1`,
		}},
		// Stored counters: one source is not told, several are.
		{`slo_events_total{region="eu"}`, now, []string{
			`{__name__="slo_events_total", region="eu", service="shop", slo="checkout"} 57600`,
		}},
		{`slo_bad_events_total{slo="pay"}`, now, []string{
			`{__name__="slo_bad_events_total", service="bank", slo="pay", source="eu/0"} 1200`,
			`{__name__="slo_bad_events_total", service="bank", slo="pay", source="us/0"} 0`,
		}},
		{`sum by (source) (increase(slo_events_total{source=~"us.*"}[1h]))`, during, []string{`{source="us/0"} 2400`}},
		{`ALERTS{slo="checkout"}`, time.UnixMilli(at("2026-05-01 10:02:00")), []string{
			`{__name__="ALERTS", alertname="SLOErrorBudgetBurn", alertstate="firing", service="shop", slo="checkout"} 1`,
		}},
		// Sloth's names, from Sloth's own boards and UI.
		{`slo:sli_error:ratio_rate5m{sloth_id="bank-pay"}`, during, []string{
			`{__name__="slo:sli_error:ratio_rate5m", sloth_id="bank-pay", sloth_service="bank", sloth_slo="pay", sloth_window="5m", team="b"} 0.5`,
		}},
		{`slo:current_burn_rate:ratio`, during, []string{
			`{__name__="slo:current_burn_rate:ratio", sloth_id="bank-pay", sloth_service="bank", sloth_slo="pay", sloth_window="5m", team="b"} 500`,
		}},
		{`slo:time_period:days`, now, []string{
			`{__name__="slo:time_period:days", sloth_id="bank-pay", sloth_service="bank", sloth_slo="pay", team="b"} 28`,
		}},
		{`count({__name__=~"^slo:sli_error:ratio_rate.*"}) by (__name__, sloth_id)`, now, []string{
			`{__name__="slo:sli_error:ratio_rate1d", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate1h", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate2h", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate30m", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate3d", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate4w", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate5m", sloth_id="bank-pay"} 1`,
			`{__name__="slo:sli_error:ratio_rate6h", sloth_id="bank-pay"} 1`,
		}},
		{`max(slo:sli_error:ratio_rate30m{sloth_id="bank-pay"} offset 13h30m)`, now, []string{`{} 0.495833`}},
		{`slo_burn_rate{slo="checkout",region="",window="5m"} @ 1777630800`, now, []string{
			`{__name__="slo_burn_rate", service="shop", slo="checkout", window="5m"} 500`,
		}},
	} {
		have := instant(t, v, c.query, c.ts)
		if diff := cmp.Diff(sorted(c.want), sorted(have)); diff != "" {
			t.Errorf("%s (-want +have):\n%s", c.query, diff)
		}
	}
}

// Values lie on slots, whatever the step of the query.
func TestRangeQueryKeepsSlots(t *testing.T) {
	v, now := shop(t)
	q, err := newEngine().NewRangeQuery(context.Background(), v, nil,
		`timestamp(slo_burn_rate{region="us",window="5m"})`, now.Add(-10*time.Minute), now.Add(-5*time.Minute), 7*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	m, err := q.Exec(context.Background()).Matrix()
	if err != nil || len(m) != 1 {
		t.Fatalf("%v, %d series", err, len(m))
	}
	for _, p := range m[0].Floats {
		if want := float64(p.T-p.T%slotMs) / 1000; p.F != want {
			t.Errorf("at %d: sample of %v, want the slot's end %v", p.T, p.F, want)
		}
	}
}

// matchers come from PromQL's own syntax.
func selector(t *testing.T, s string) []*labels.Matcher {
	t.Helper()
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// TestMatchers compares Select, the label names and the label values with what the
// same matchers leave of a list of all series.
func TestMatchers(t *testing.T) {
	v, now := shop(t)
	mint, maxt := now.Add(-10*time.Minute).UnixMilli(), now.UnixMilli()
	all := list(t, v, mint, maxt, selector(t, `{__name__=~".+"}`)...)
	for _, s := range []string{
		`slo_burn_rate`,
		`slo_burn_rate{window="1h"}`,
		`slo_burn_rate{window!="1h"}`,
		`{__name__=~"slo_.*",slo="checkout"}`,
		`{__name__!~"slo_.*"}`,
		`{__name__=~"slo:.*|slo_info"}`,
		`{slo="checkout"}`,
		`{slo=~"checkout|search"}`,
		`{slo=~"che.*"}`,
		`{slo!="checkout",__name__!=""}`,
		`{slo="",__name__=~".+"}`,
		`{region="",slo=~".+"}`,
		`{region!="",window=~"5m|30d"}`,
		`{region=~"eu|",__name__="slo_events_total"}`,
		`{state="burning"}`,
		`{state="",__name__="slo_budget_state"}`,
		`{window="",__name__=~"slo_.*ratio"}`,
		`{sloth_id="bank-pay"}`,
		`{sloth_window=~"5m|4w"}`,
		`{sloth_service!~"x.*",__name__=~"slo:.*"}`,
		`{tier="critical"}`,
		`{exported_tier="gold"}`,
		`{team="a"}`,
		`{team=~"a|b"}`,
		`{source="eu/0"}`,
		`{source=~".+"}`,
		`{source="",__name__=~".*events_total"}`,
		`{generation="1"}`,
		`{generation="",__name__="slo_events_total"}`,
		`{nonsense="x"}`,
		`{nonsense="",__name__="slo_info"}`,
		`{alertname=~".+"}`,
		`nothing`,
	} {
		ms := selector(t, s)
		var want []labels.Labels
		for _, lset := range all {
			if matches(ms, lset) {
				want = append(want, lset)
			}
		}
		have := list(t, v, mint, maxt, ms...)
		if diff := cmp.Diff(texts(want), texts(have)); diff != "" {
			t.Errorf("%s (-want +have):\n%s", s, diff)
		}
		checkLabels(t, v, mint, maxt, s, ms, want)
	}
}

func checkLabels(t *testing.T, v storage.Queryable, mint, maxt int64, s string, ms []*labels.Matcher, series []labels.Labels) {
	t.Helper()
	q, err := v.Querier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	values := map[string]map[string]bool{}
	for _, lset := range series {
		lset.Range(func(l labels.Label) {
			if values[l.Name] == nil {
				values[l.Name] = map[string]bool{}
			}
			values[l.Name][l.Value] = true
		})
	}
	names, _, err := q.LabelNames(context.Background(), nil, ms...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sortedKeys(values), names, emptyEqual); diff != "" {
		t.Errorf("label names of %s (-want +have):\n%s", s, diff)
	}
	for _, name := range []string{"__name__", "slo", "service", "region", "window", "state", "source", "generation", "team", "tier", "sloth_id", "sloth_window", "alertname", "nonsense"} {
		have, _, err := q.LabelValues(context.Background(), name, nil, ms...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sortedKeys(values[name]), have, emptyEqual); diff != "" {
			t.Errorf("values of %s for %s (-want +have):\n%s", name, s, diff)
		}
	}
}

// list is the labels of all series that match, sorted by Select itself.
func list(t *testing.T, v storage.Queryable, mint, maxt int64, ms ...*labels.Matcher) []labels.Labels {
	t.Helper()
	q, err := v.Querier(mint, maxt)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var out []labels.Labels
	set := q.Select(context.Background(), true, &storage.SelectHints{Start: mint, End: maxt, Func: "series"}, ms...)
	for set.Next() {
		lset := set.At().Labels()
		if n := len(out); n > 0 && labels.Compare(out[n-1], lset) >= 0 {
			t.Fatalf("%s after %s", lset, out[n-1])
		}
		out = append(out, lset)
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func matches(ms []*labels.Matcher, lset labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

func texts(lsets []labels.Labels) []string {
	out := []string{}
	for _, l := range lsets {
		out = append(out, l.String())
	}
	return out
}

func TestGapHasStaleMarker(t *testing.T) {
	db := openLedger(t, t.TempDir())
	closeDB(t, db)
	start := at("2026-05-01 00:00:00")
	b := budgetOf(objective("shop", "checkout"), labels.EmptyLabels(), start)
	rows := append(steady(start+slotMs, 2, 0, 10), steady(start+5*slotMs, 2, 1, 10)...)
	rows = append(rows, steady(start+7*slotMs, 30, 0, 0)...) // no traffic
	write(t, db, ledgerRows{b, "", "1", rows})
	last := rows[len(rows)-1].ts

	burn := func(now int64) []point {
		return selectAll(t, view(t, db, now, b), start, now, selector(t, `slo_error_ratio{window="5m"}`)...)[`{__name__="slo_error_ratio", service="shop", slo="checkout", window="5m"}`]
	}
	want := []point{
		{T: start + slotMs}, {T: start + 2*slotMs}, {T: start + 3*slotMs, Stale: true},
		{T: start + 5*slotMs, V: 1. / 30}, {T: start + 6*slotMs, V: 2. / 40},
	}
	for ts := start + 7*slotMs; ts < start+26*slotMs; ts += slotMs {
		total := 40.
		for old := range 4 { // rows that have left the window of 20 slots
			if at := []int64{1, 2, 5, 6}[old]; start+at*slotMs <= ts-20*slotMs {
				total -= 10
			}
		}
		want = append(want, point{T: ts, V: map[float64]float64{40: 2. / 40, 30: 2. / 30, 20: 2. / 20, 10: 1. / 10}[total]})
	}
	want = append(want, point{T: start + 26*slotMs, Stale: true})
	if diff := cmp.Diff(want, burn(last+20_000)); diff != "" {
		t.Errorf("error ratio (-want +have):\n%s", diff)
	}

	coverage := func(now int64) []point {
		return selectAll(t, view(t, db, now, b), last, now, selector(t, `slo_window_coverage_ratio{window="5m"}`)...)[`{__name__="slo_window_coverage_ratio", service="shop", slo="checkout", window="5m"}`]
	}
	if diff := cmp.Diff([]point{{T: last, V: 1}}, coverage(last+60_000)); diff != "" {
		t.Errorf("the newest slot may yet be followed by another (-want +have):\n%s", diff)
	}
	if diff := cmp.Diff([]point{{T: last, V: 1}, {T: last + slotMs, Stale: true}}, coverage(last+slotMs+120_000)); diff != "" {
		t.Errorf("after 2 min it is a gap (-want +have):\n%s", diff)
	}
}

func sorted(lines []string) []string {
	out := append([]string{}, lines...)
	slices.Sort(out)
	return out
}
