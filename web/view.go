package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web/promapi"
)

// view is what the page's template is given: text, nothing to compute.
type view struct {
	Version, NotReady string
	Errors            []string
	Total, Firing     int
	States            []stateLink
	Rows              []row
	Previous, Next    string
}

type stateLink struct {
	Name, Href string
	Count      int
	Current    bool
}

type row struct {
	Service, SLO, Groups, State, Reason, Target, Coverage, Owner, Runbook, DataTime string

	Windows []windowCell
	Pairs   []pairCell
	Alerts  []alertCell
}

type windowCell struct {
	Window, Left, Events, Query string
	Bar                         float64
}

type pairCell struct {
	Long, Short, LongBurn, ShortBurn, Threshold, Severity, Query string

	Holds bool
}

type alertCell struct{ Name, State, Severity string }

// rowsPerPage keeps the page light on a phone.
const rowsPerPage = 200

func (v *view) fill(budgets []slo.Status, alerts []slo.Alert, q budgetQuery, params url.Values) {
	v.Total = len(budgets)
	for i := range alerts {
		if alerts[i].State == slo.AlertFiring {
			v.Firing++
		}
	}
	states := q.states
	q.states, q.after, q.limit = nil, "", 0
	all, _ := q.apply(budgets)
	v.states(all, states, params)
	shown := slices.DeleteFunc(all, func(s *slo.Status) bool { return !in(states, s.State) })
	slices.SortStableFunc(shown, worstFirst)

	from, _ := strconv.Atoi(params.Get("from"))
	from = max(0, min(from, len(shown)))
	to := min(from+rowsPerPage, len(shown))
	for _, s := range shown[from:to] {
		v.Rows = append(v.Rows, toRow(s))
	}
	if from > 0 {
		v.Previous = link(params, "from", strconv.Itoa(max(0, from-rowsPerPage)))
	}
	if to < len(shown) {
		v.Next = link(params, "from", strconv.Itoa(to))
	}
}

func (v *view) states(all []*slo.Status, current []slo.State, params url.Values) {
	count := map[slo.State]int{}
	for _, s := range all {
		count[s.State]++
	}
	v.States = []stateLink{{"all", link(params, "state", ""), len(all), len(current) == 0}}
	for _, s := range slo.States {
		v.States = append(v.States, stateLink{string(s), link(params, "state", string(s)), count[s], slices.Contains(current, s)})
	}
}

// link is the page with one parameter set, or removed if value is empty.
// Changing the state begins at the first row again.
func link(params url.Values, name, value string) string {
	next := url.Values{}
	for k, vs := range params {
		if k != "from" && k != name {
			next[k] = vs
		}
	}
	if value != "" {
		next.Set(name, value)
	}
	return "?" + next.Encode()
}

// worstFirst orders by firing alerts, state, then what is left of the budget.
func worstFirst(a, b *slo.Status) int {
	return cmp.Or(
		cmp.Compare(firing(b), firing(a)),
		cmp.Compare(slices.Index(slo.States, a.State), slices.Index(slo.States, b.State)),
		cmp.Compare(left(a), left(b)),
	)
}

func firing(s *slo.Status) int {
	n := 0
	for i := range s.Alerts {
		if s.Alerts[i].State == slo.AlertFiring {
			n++
		}
	}
	return n
}

func left(s *slo.Status) float64 {
	if len(s.Windows) == 0 {
		return 1
	}
	return s.Windows[0].Remaining
}

func toRow(s *slo.Status) row {
	o := s.Objective
	r := row{
		Service: o.Service, SLO: o.Name, Groups: groupText(s.Groups), State: string(s.State), Reason: s.Reason,
		Target: percent(o.Target), Owner: o.Owner, Runbook: o.Runbook, Coverage: "—",
	}
	if firing(s) > 0 && s.State != slo.StateNoData {
		// It may have fired inside a slot that is still open, of which State says nothing.
		r.State = string(slo.StateBurning)
	}
	if s.TS != 0 {
		r.DataTime = time.UnixMilli(s.TS).UTC().Format(time.RFC3339)
	}
	for i := range s.Windows {
		w := &s.Windows[i]
		r.Windows = append(r.Windows, windowCell{
			Window: w.Window.String(), Left: share(w.Remaining), Events: rounded(w.RemainingEvents),
			Query: promapi.Selector("slo_error_budget_remaining_ratio", s.Labels, w.Window.String()),
			Bar:   math.Max(0, math.Min(1, w.Remaining)),
		})
	}
	if len(s.Windows) > 0 {
		r.Coverage = share(s.Windows[0].Coverage)
	}
	for _, p := range s.Pairs {
		r.Pairs = append(r.Pairs, pairCell{
			Long: slo.FormatDuration(p.Pair.Long), Short: slo.FormatDuration(p.Pair.Short),
			LongBurn: rounded(p.LongBurn), ShortBurn: rounded(p.ShortBurn), Threshold: rounded(p.Pair.Factor),
			Severity: p.Severity, Query: promapi.PairQuery(s.Labels, p.Pair), Holds: p.Holds,
		})
	}
	for i := range s.Alerts {
		l := s.Alerts[i].Labels
		r.Alerts = append(r.Alerts, alertCell{l.Get(labels.AlertName), string(s.Alerts[i].State), l.Get("severity")})
	}
	return r
}

func groupText(groups labels.Labels) string {
	var parts []string
	groups.Range(func(l labels.Label) { parts = append(parts, l.Name+"="+l.Value) })
	return strings.Join(parts, ", ")
}

// percent writes a ratio with as many digits as a target of 99.999 % needs.
func percent(ratio float64) string {
	if math.IsInf(ratio, 0) || math.IsNaN(ratio) {
		return rounded(ratio)
	}
	return strconv.FormatFloat(math.Round(ratio*1e7)/1e5, 'f', -1, 64) + " %"
}

// share writes a ratio as a reader takes it in: one decimal.
func share(ratio float64) string {
	if math.IsInf(ratio, 0) || math.IsNaN(ratio) {
		return rounded(ratio)
	}
	return strconv.FormatFloat(ratio*100, 'f', 1, 64) + " %"
}

// rounded writes three digits that matter, or all of a whole number.
func rounded(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "∞"
	case math.IsInf(f, -1):
		return "−∞"
	case math.Abs(f) >= 1000:
		return strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	}
	return fmt.Sprintf("%.3g", f)
}
