package formula

import (
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// Cause is one reason why two budgets differ, and by how much of the budget.
type Cause struct {
	// Name is a word for machines: nan-slices, uneven-traffic, lost-events,
	// extrapolation, steps, time-slices, one-budget, no-data, none.
	Name string `json:"cause"`
	Text string `json:"text"`
}

// agree is a difference of budgets that nobody needs explained, ratio.
const agree = 0.001

// Causes say why a budget of an objective by another tool's formula differs from our
// counts.
func Causes(theirs *Budget, ours slo.Counts, o *slo.Objective) []Cause {
	target := o.Target
	var out []Cause
	add := func(name, format string, args ...any) { out = append(out, Cause{name, fmt.Sprintf(format, args...)}) }
	ratio, counted := ours.ErrorRatio()
	if !counted {
		add("no-data", "slowburn counted no event in this window")
		return out
	}
	switch {
	case o.SLI.Slice.Length > 0:
		add("time-slices", "slowburn counts slices of %s, as the budgeting method asks; the formula knows events only", slo.FormatDuration(o.SLI.Slice.Length))
		return out
	case apart(theirs.Labels, o.SLI.By):
		add("one-budget", "the formula has a budget for each series, slowburn one for all of them")
		return out
	}
	left := func(ratio float64) string { return percent(remaining(ratio, target)) }
	if theirs.NaN > 0 {
		add("nan-slices", "%d of %d five-minute ratios are no numbers, as without traffic, and make the mean none; without them %s would be left",
			theirs.NaN, theirs.Slices, left(theirs.Mean))
	}
	weighted := theirs.Weighted()
	if theirs.Slices > 0 && differ(theirs.Mean, weighted, target) {
		add("uneven-traffic", "the mean of five-minute ratios weighs quiet and busy slices the same; with each event weighing the same, the same rates leave %s", left(weighted))
	}
	if !math.IsNaN(weighted) && differ(weighted, ratio, target) {
		switch {
		case len(o.SLI.Terms) > 0 && o.SLI.Terms[0].Kind == slo.GaugeSlices:
			add("steps", "the formula looks every %s, slowburn at every scrape: %s bad seconds for the %s that were counted", slo.FormatDuration(bind.Step), number(theirs.Bad), number(ours.Bad))
		case theirs.Bad < ours.Bad:
			add("lost-events", "rate and increase see %s of the %s bad events: they lose what a series is born with, and its first and last increments", number(theirs.Bad), number(ours.Bad))
		case theirs.Bad > ours.Bad:
			add("extrapolation", "rate and increase extrapolate to the ends of their range: %s bad events for the %s that were counted", number(theirs.Bad), number(ours.Bad))
		}
		if d := theirs.Total - ours.Total; math.Abs(d) > ours.Total/200 {
			add("total", "they see %s events in all, slowburn counted %s", number(theirs.Total), number(ours.Total))
		}
	}
	if len(out) == 0 && !math.IsNaN(theirs.Ratio) && !differ(theirs.Ratio, ratio, target) {
		add("none", "both agree")
	}
	return out
}

// apart says whether a result has labels that make no groups, as of a query that sums
// nothing.
func apart(lset labels.Labels, by []string) bool {
	return labels.NewBuilder(lset).Del(by...).Labels().Len() > 0
}

// differ says whether two ratios leave budgets that differ noticeably.
func differ(a, b, target float64) bool {
	return math.Abs(remaining(a, target)-remaining(b, target)) > agree
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "nothing that is a number"
	}
	return strconv.FormatFloat(v*100, 'f', 1, 64) + " %"
}

// number is a count of events, whole if it is large.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
