package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// printBacktest prints one variant's alerts and budgets, or two side by side.
func printBacktest(out io.Writer, p *past, variants []variant, took time.Duration) error {
	r := variants[0].result
	fmt.Fprintf(out, "%s from %s to %s: %s of %s, read in %s\n\n", p.what, clock(p.start), clock(p.end),
		plural(int(r.Samples), "sample"), fmt.Sprintf("%d series", r.Series), took.Round(10*time.Millisecond))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(variants) == 1 {
		alertTable(w, r)
		fmt.Fprintln(w)
		budgetTable(w, r)
	} else {
		alertComparison(w, variants[0].result, variants[1].result)
		fmt.Fprintln(w)
		budgetComparison(w, variants[0].result, variants[1].result)
	}
	return w.Flush()
}

func alertTable(w io.Writer, r *replay.Result) {
	if len(r.Alerts) == 0 {
		fmt.Fprintln(w, "No page and no ticket.")
		return
	}
	fmt.Fprintln(w, "FIRED\tSEVERITY\tALERT\tPAIR\tBURN\tBUDGET LEFT\tAFTER ONSET\tLASTED")
	for i := range r.Alerts {
		a := &r.Alerts[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clock(a.FiredAt), a.Severity, alertTitle(a), pairName(a), burnOf(a), leftOf(a), onset(a), lasted(a))
	}
}

func budgetTable(w io.Writer, r *replay.Result) {
	fmt.Fprintln(w, "BUDGET\tWINDOW\tTARGET\tBAD\tTOTAL\tLEFT\tCOVERAGE\tPAGES\tTICKETS")
	for i := range r.Budgets {
		b := &r.Budgets[i]
		if len(b.Windows) == 0 {
			fmt.Fprintf(w, "%s\t%s\t%s\t-\t-\t-\t-\t-\t-\t%s\n", budgetTitle(b), b.Objective.Windows[0], percentage(b.Objective.Target), b.Reason)
		}
		for k, win := range b.Windows {
			pages, tickets := "", ""
			if k == 0 {
				pages, tickets = counted(r, b, slo.SeverityPage), counted(r, b, slo.SeverityTicket)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", budgetTitle(b), win.Window, percentage(b.Objective.Target),
				events(win.Counts.Bad), events(win.Counts.Total), percentage(win.Remaining), percentage(win.Coverage), pages, tickets)
		}
	}
}

func alertTitle(a *replay.Alert) string {
	if a.Objective == nil {
		return a.Labels.Get("alertname") + " " + cmp.Or(a.Labels.Get(slo.LabelSLO), a.Labels.Get(slo.LabelSource))
	}
	return budgetName(a.Objective, a.Groups.String())
}

func budgetTitle(b *slo.Status) string { return budgetName(b.Objective, b.Groups.String()) }

func budgetName(o *slo.Objective, groups string) string {
	if groups == "{}" {
		return o.ID()
	}
	return o.ID() + " " + groups
}

func pairName(a *replay.Alert) string {
	if a.Objective == nil {
		return "-"
	}
	return slo.FormatDuration(a.Pair.Long) + "/" + slo.FormatDuration(a.Pair.Short)
}

func burnOf(a *replay.Alert) string {
	if a.Objective == nil {
		return "-"
	}
	return strconv.FormatFloat(a.Burn, 'f', 1, 64) + "x"
}

func leftOf(a *replay.Alert) string {
	if a.Objective == nil {
		return "-"
	}
	return percentage(a.Remaining)
}

func onset(a *replay.Alert) string {
	if a.Onset == 0 {
		return "-"
	}
	return minutes(a.FiredAt - a.Onset)
}

func lasted(a *replay.Alert) string {
	if a.ResolvedAt == 0 {
		return "fires at the end"
	}
	return minutes(a.ResolvedAt - a.FiredAt)
}

func minutes(ms int64) string { return strconv.FormatFloat(float64(ms)/60_000, 'f', 1, 64) + " min" }

// percentage writes a ratio with as many digits as its distance from 100 % needs.
func percentage(v float64) string {
	if math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e4, 'f', -1, 64) + "%"
}

func events(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// counted is how many alerts of a severity a budget sent.
func counted(r *replay.Result, b *slo.Status, severity string) string {
	n := 0
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Severity == severity && a.Objective != nil && a.Objective.ID() == b.Objective.ID() && a.Groups.String() == b.Groups.String() {
			n++
		}
	}
	return strconv.Itoa(n)
}
