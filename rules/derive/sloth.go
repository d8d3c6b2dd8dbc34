package derive

import (
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Sloth's names, for objectives that came from a Sloth file, so that its dashboards
// and UI go on. The values are this engine's: events over events, not the mean of
// 5-minute ratios.

const (
	slothSLIPrefix   = "slo:sli_error:ratio_rate"
	slothWindowLabel = "sloth_window"
)

var slothTable = []metric{
	{name: slothSLIPrefix, family: slothSLI, variants: slothSLIs, reads: ownWindow, kinds: events, value: errorRatio},
	{name: "slo:current_burn_rate:ratio", family: slothSLI, variants: slothCurrent, reads: ownWindow, kinds: events, value: burnRate},
	{name: "slo:period_burn_rate:ratio", family: slothSLI, variants: slothPeriod, reads: ownWindow, kinds: events, value: burnRate},
	{name: "slo:period_error_budget_remaining:ratio", family: slothSLI, variants: slothPeriod, reads: ownWindow, kinds: events, value: remaining},
	{name: "slo:objective:ratio", family: slothMeta, variants: slothSingle, always: true, value: target},
	{name: "slo:error_budget:ratio", family: slothMeta, variants: slothSingle, always: true, value: errorBudget},
	{name: "slo:time_period:days", family: slothMeta, variants: slothPeriodDays, always: true, value: periodDays},
	{name: "sloth_slo_info", family: slothInfo, variants: slothSingle, always: true, value: one},
}

// slothWindows are those Sloth records whatever the alerts are.
var slothWindows = []time.Duration{5 * time.Minute, 30 * time.Minute, hour, 2 * hour, 6 * hour, 24 * hour, 72 * hour}

func slothSLIs(s *shape) []variant {
	if s.tool != slo.ToolSloth {
		return nil
	}
	var windows []slo.Window
	for _, d := range slothWindows {
		windows = addWindow(windows, slo.Rolling(d))
	}
	for _, w := range s.alerts {
		windows = addWindow(windows, w)
	}
	windows = addWindow(windows, s.budget[0])
	out := make([]variant, 0, len(windows))
	for _, w := range windows {
		out = append(out, slothVariant(slothSLIPrefix+prometheusDuration(w), w))
	}
	return out
}

func slothSingle(s *shape) []variant {
	if s.tool != slo.ToolSloth {
		return nil
	}
	return single(s)
}

// slothCurrent and slothPeriod keep `sloth_window`, as Sloth's own rules do: they
// divide by group_left, which keeps the labels of the SLI series.
func slothCurrent(s *shape) []variant {
	if s.tool != slo.ToolSloth {
		return nil
	}
	return []variant{slothVariant("", recentWindow)}
}

func slothPeriod(s *shape) []variant {
	if s.tool != slo.ToolSloth {
		return nil
	}
	return []variant{slothVariant("", s.budget[0])}
}

func slothPeriodDays(s *shape) []variant {
	if s.tool != slo.ToolSloth {
		return nil
	}
	return []variant{{window: s.budget[0]}}
}

func slothVariant(name string, w slo.Window) variant {
	return variant{name: name, window: w, label: labels.Label{Name: slothWindowLabel, Value: prometheusDuration(w)}}
}

// prometheusDuration spells a window as Prometheus prints durations, so 28 d is 4w.
func prometheusDuration(w slo.Window) string {
	if w.Calendar != "" {
		return w.String()
	}
	return model.Duration(w.Length).String()
}

func errorBudget(e *evaluation) (float64, bool) { return 1 - e.target(), true }

func periodDays(e *evaluation) (float64, bool) {
	return e.variant.window.Nominal().Hours() / 24, true
}

// slothLabels are the groups, the file's labels and Sloth's identity, where the
// later win, as a rule's labels win over those of its result.
func slothLabels(o *slo.Objective, groups labels.Labels, extra map[string]string) labels.Labels {
	lb := labels.NewBuilder(groups)
	for name, value := range o.Labels {
		lb.Set(name, value)
	}
	for name, value := range extra {
		lb.Set(name, value)
	}
	lb.Set("sloth_id", o.Service+"-"+o.Name)
	lb.Set("sloth_service", o.Service)
	lb.Set("sloth_slo", o.Name)
	return lb.Labels()
}

// slothInfoLabels are what sloth_slo_info adds. Version and mode name who serves it.
func slothInfoLabels(o *slo.Objective) map[string]string {
	// The tenth digit is rounded, so that 0.999 is "99.9" and not "99.90000000000001".
	percent := math.Round(o.Target*1e12) / 1e10
	return map[string]string{
		"sloth_version":   "slowburn",
		"sloth_mode":      "slowburn",
		"sloth_spec":      string(o.Format),
		"sloth_objective": strconv.FormatFloat(percent, 'f', -1, 64),
	}
}
