package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// alertComparison prints the alerts of two variants in order of time; those of one
// budget and severity that fire at the same time share a line.
func alertComparison(w io.Writer, a, b *replay.Result) {
	if len(a.Alerts)+len(b.Alerts) == 0 {
		fmt.Fprintln(w, "No page and no ticket in either.")
		return
	}
	type line struct{ a, b *replay.Alert }
	var lines []line
	used := map[int]bool{}
	for i := range a.Alerts {
		l := line{a: &a.Alerts[i]}
		for k := range b.Alerts {
			if !used[k] && sameFault(l.a, &b.Alerts[k]) {
				l.b, used[k] = &b.Alerts[k], true
				break
			}
		}
		lines = append(lines, l)
	}
	for k := range b.Alerts {
		if !used[k] {
			lines = append(lines, line{b: &b.Alerts[k]})
		}
	}
	first := func(l line) int64 {
		at := int64(math.MaxInt64)
		for _, x := range []*replay.Alert{l.a, l.b} {
			if x != nil {
				at = min(at, x.FiredAt)
			}
		}
		return at
	}
	slices.SortStableFunc(lines, func(x, y line) int { return int((first(x) - first(y)) / 1000) })
	fmt.Fprintln(w, "SEVERITY\tALERT\tA FIRED\tPAIR\tLEFT\tAFTER ONSET\tB FIRED\tPAIR\tLEFT\tAFTER ONSET")
	for _, l := range lines {
		one := l.a
		if one == nil {
			one = l.b
		}
		fmt.Fprintf(w, "%s\t%s", one.Severity, alertTitle(one))
		for _, x := range []*replay.Alert{l.a, l.b} {
			if x == nil {
				fmt.Fprint(w, "\t-\t-\t-\t-")
				continue
			}
			fmt.Fprintf(w, "\t%s\t%s\t%s\t%s", clock(x.FiredAt), pairName(x), leftOf(x), onset(x))
		}
		fmt.Fprintln(w)
	}
}

// sameFault says whether two alerts of one budget and severity fire at some time
// together.
func sameFault(a, b *replay.Alert) bool {
	until := func(x *replay.Alert) int64 {
		if x.ResolvedAt == 0 {
			return math.MaxInt64
		}
		return x.ResolvedAt
	}
	return a.Severity == b.Severity && alertTitle(a) == alertTitle(b) && a.FiredAt <= until(b) && b.FiredAt <= until(a)
}

// budgetComparison prints the budgets of two variants side by side: each budget of
// either, by its first window.
func budgetComparison(w io.Writer, a, b *replay.Result) {
	fmt.Fprintln(w, "BUDGET\tA TARGET\tWINDOW\tLEFT\tPAGES\tTICKETS\tB TARGET\tWINDOW\tLEFT\tPAGES\tTICKETS")
	row := func(r *replay.Result, title string) {
		i := slices.IndexFunc(r.Budgets, func(s slo.Status) bool { return budgetTitle(&s) == title })
		if i < 0 {
			fmt.Fprint(w, "\t-\t-\t-\t-\t-")
			return
		}
		s := &r.Budgets[i]
		left := "no data"
		if len(s.Windows) > 0 {
			left = percentage(s.Windows[0].Remaining)
		}
		fmt.Fprintf(w, "\t%s\t%s\t%s\t%s\t%s", percentage(s.Objective.Target), s.Objective.Windows[0], left, counted(r, s, slo.SeverityPage), counted(r, s, slo.SeverityTicket))
	}
	seen := map[string]bool{}
	for _, r := range []*replay.Result{a, b} {
		for i := range r.Budgets {
			title := budgetTitle(&r.Budgets[i])
			if seen[title] {
				continue
			}
			seen[title] = true
			fmt.Fprint(w, title)
			row(a, title)
			row(b, title)
			fmt.Fprintln(w)
		}
	}
}
