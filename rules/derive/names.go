package derive

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// metric is a row of the table of names.
type metric struct {
	// name is the metric name, or its beginning if variants name themselves.
	name   string
	family familyID
	// variants are the metric's series of one budget.
	variants func(*shape) []variant
	// reads are the windows whose counts a value needs, nil if none, and kinds which
	// of the counters.
	reads func(*shape, *variant) []slo.Window
	kinds kinds
	// always says that the series has a value at every slot of the budget's life,
	// not only where the ledger has a row.
	always bool
	// value is the value at an evaluation's slot; ok is false where there is none.
	value func(*evaluation) (v float64, ok bool)
}

// events and scrapes are what ratios and coverage are made of.
const (
	events  = bad | total
	scrapes = observed | expected
)

// table is every derived name. Stored names are in stored.go.
var table = slices.Concat(ownTable, slothTable, pyrraTable)

var ownTable = []metric{
	{name: "slo_error_ratio", variants: allWindows, reads: ownWindow, kinds: events, value: errorRatio},
	{name: "slo_burn_rate", variants: allWindows, reads: ownWindow, kinds: events, value: burnRate},
	{name: "slo_window_coverage_ratio", variants: allWindows, reads: ownWindow, kinds: scrapes, value: coverage},

	{name: "slo_objective_ratio", variants: budgetWindows, always: true, value: target},
	{name: "slo_error_budget_remaining_ratio", variants: budgetWindows, reads: ownWindow, kinds: events, value: remaining},
	{name: "slo_error_budget_remaining_events", variants: budgetWindows, reads: ownWindow, kinds: events, value: remainingEvents},
	{name: "slo_error_budget_time_to_exhaustion_seconds", variants: budgetWindows, reads: windowAndPace, kinds: events, value: timeToExhaustion},

	{name: "slo_budget_state", variants: states, reads: stateWindows, kinds: events | scrapes, always: true, value: inState},
	{name: "slo_info", family: info, variants: single, always: true, value: one},
}

func single(*shape) []variant { return []variant{{}} }

func allWindows(s *shape) []variant    { return byWindow(s.all) }
func budgetWindows(s *shape) []variant { return byWindow(s.budget) }

func byWindow(windows []slo.Window) []variant {
	out := make([]variant, 0, len(windows))
	for _, w := range windows {
		out = append(out, variant{window: w, label: labels.Label{Name: slo.LabelWindow, Value: w.String()}})
	}
	return out
}

func states(*shape) []variant {
	out := make([]variant, 0, len(slo.States))
	for _, s := range slo.States {
		out = append(out, variant{state: s, label: labels.Label{Name: slo.LabelState, Value: string(s)}})
	}
	return out
}

func ownWindow(_ *shape, v *variant) []slo.Window { return []slo.Window{v.window} }

func windowAndPace(_ *shape, v *variant) []slo.Window { return []slo.Window{v.window, paceWindow} }

func stateWindows(s *shape, _ *variant) []slo.Window {
	windows := append([]slo.Window{recentWindow}, s.alerts...)
	return append(windows, s.budget[0])
}

func errorRatio(e *evaluation) (float64, bool) { return e.counts(e.variant.window).ErrorRatio() }

func burnRate(e *evaluation) (float64, bool) {
	return e.counts(e.variant.window).BurnRate(e.target()), true
}

func coverage(e *evaluation) (float64, bool) { return e.counts(e.variant.window).Coverage(), true }

func target(e *evaluation) (float64, bool) { return e.target(), true }

func remaining(e *evaluation) (float64, bool) {
	return e.counts(e.variant.window).Remaining(e.target()), true
}

func remainingEvents(e *evaluation) (float64, bool) {
	return e.counts(e.variant.window).RemainingEvents(e.target()), true
}

func timeToExhaustion(e *evaluation) (float64, bool) {
	return slo.TimeToExhaustion(e.counts(e.variant.window), e.counts(paceWindow), e.target()), true
}

func inState(e *evaluation) (float64, bool) {
	if e.state() == e.variant.state {
		return 1, true
	}
	return 0, true
}

func one(*evaluation) (float64, bool) { return 1, true }
