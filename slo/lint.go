package slo

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo/document"
)

// Finding is what lint says about an objective that is good in itself.
type Finding struct {
	Level Level
	// Check names the rule that found it: "never-fires", "promql", …
	Check string
	*Error
}

// String is the finding as a line of its own, without the excerpt.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s", f.Position, f.Level, f.Msg)
}

// Level is how much a finding matters.
type Level string

// The levels of findings: information needs no action, a warning probably does.
const (
	LevelInfo    Level = "info"
	LevelWarning Level = "warning"
)

// lint looks for what is allowed and yet probably not meant. Every message says
// what to do.
func (r *reader) lint(m *document.Mapping, o *Objective) {
	warn := func(n document.Node, check, format string, args ...any) {
		if n.IsZero() {
			n = m.Node()
		}
		r.finding(LevelWarning, check, n.Problem(format, args...))
	}
	target := m.Get("target", "objective")
	switch {
	case o.Target >= 1:
		warn(target, "target-100", "a target of 100 has no budget: the first bad event overspends it; want 99.9 or so")
	case o.Target <= 0.01:
		warn(target, "target-ratio", "a target of %s %% lets nearly everything fail: targets are percentages, did you mean %s?",
			percentText(o.Target), percentText(o.Target*100))
	}
	for _, rule := range o.Rules {
		// At a target of 93.06 % a burn rate of 14.4 takes every event to be bad.
		if o.Target < 1 && !slices.ContainsFunc(rule.Pairs, func(p Pair) bool { return p.Factor*o.Allowed() < 1 }) {
			warn(target, "never-fires", "the %s can never fire: its lowest burn rate, %.4g, would need more bad events than there are events; raise the target or give the tier lower factors",
				rule.Severity, lowestFactor(rule))
		}
	}
	if len(o.Rules) == 0 {
		warn(m.Get("alerting"), "no-alerts", "nobody is told when this budget burns: every alert is switched off or has windows longer than the objective's")
	}
	for _, t := range o.SLI.Terms {
		if t.Bad > 0 && t.Total == 0 && t.Kind == Counter {
			r.lintSubset(m, o, t)
		}
	}
}

func lowestFactor(r Rule) float64 {
	return slices.MinFunc(r.Pairs, func(a, b Pair) int {
		if a.Factor < b.Factor {
			return -1
		}
		return 1
	}).Factor
}

// lintSubset finds bad events that total does not count: same metric, but total
// asks for more.
func (r *reader) lintSubset(m *document.Mapping, o *Objective, bad Term) {
	name := metricName(bad.Matchers)
	var totals []Term
	for _, t := range o.SLI.Terms {
		if t.Total > 0 && metricName(t.Matchers) == name {
			totals = append(totals, t)
		}
	}
	if name == "" || len(totals) != 1 {
		return
	}
	for _, want := range totals[0].Matchers {
		if !slices.ContainsFunc(bad.Matchers, func(m *labels.Matcher) bool { return m.Name == want.Name }) {
			r.finding(LevelWarning, "not-subset", m.Get("sli").Problem(
				"bad events are not a part of total: only total asks for %s; add it to the selector of the bad ones", want))
			return
		}
	}
}
