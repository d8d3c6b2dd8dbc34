package derive

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Pyrra's generic names, for objectives that came from a Pyrra file, so that its
// dashboards go on. Pyrra records none for objectives with a grouping; here each
// group has its own.
var pyrraTable = []metric{
	{name: "pyrra_objective", family: pyrraSLO, variants: pyrraSingle, always: true, value: target},
	{name: "pyrra_window", family: pyrraSLO, variants: pyrraWindow, always: true, value: windowSeconds},
	{name: "pyrra_availability", family: pyrraSLO, variants: pyrraWindow, reads: ownWindow, kinds: events, value: availability},
	{name: "pyrra_requests:rate5m", family: pyrraSLO, variants: pyrraRecent, reads: ownWindow, kinds: events, value: requestRate},
	{name: "pyrra_errors:rate5m", family: pyrraSLO, variants: pyrraRecent, reads: ownWindow, kinds: events, value: errorRate},
}

func pyrraSingle(s *shape) []variant {
	if s.tool != slo.ToolPyrra {
		return nil
	}
	return single(s)
}

func pyrraWindow(s *shape) []variant {
	if s.tool != slo.ToolPyrra {
		return nil
	}
	return []variant{{window: s.budget[0]}}
}

func pyrraRecent(s *shape) []variant {
	if s.tool != slo.ToolPyrra {
		return nil
	}
	return []variant{{window: recentWindow}}
}

func windowSeconds(e *evaluation) (float64, bool) {
	return e.variant.window.Nominal().Seconds(), true
}

func availability(e *evaluation) (float64, bool) {
	ratio, ok := e.counts(e.variant.window).ErrorRatio()
	return 1 - ratio, ok
}

// requestRate and errorRate are events per second over 5 minutes.
func requestRate(e *evaluation) (float64, bool) {
	return e.counts(e.variant.window).Total / recentWindow.Length.Seconds(), true
}

func errorRate(e *evaluation) (float64, bool) {
	return e.counts(e.variant.window).Bad / recentWindow.Length.Seconds(), true
}

// pyrraLabels are the groups, the labels Pyrra propagates, and slo, which is the
// objective's name unless resources share it.
func pyrraLabels(o *slo.Objective, groups labels.Labels) labels.Labels {
	lb := labels.NewBuilder(groups)
	for name, value := range o.Labels {
		lb.Set(name, value)
	}
	if lb.Get(slo.LabelSLO) == "" {
		lb.Set(slo.LabelSLO, o.Name)
	}
	return lb.Labels()
}
