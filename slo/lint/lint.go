package lint

import (
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// Report takes what is found: a level, the check's name, what is wrong and where.
type Report func(slo.Level, string, document.Problem)

// Objective looks for what is allowed in an objective and yet probably not meant; m
// is the mapping it was read from. Every message says what to do.
func Objective(m *document.Mapping, o *slo.Objective, report Report) {
	warn := func(n document.Node, check, format string, args ...any) {
		if n.IsZero() {
			n = m.Node()
		}
		report(slo.LevelWarning, check, n.Problem(format, args...))
	}
	target := m.Get("target", "objective")
	switch {
	case o.Target >= 1:
		warn(target, "target-100", "a target of 100 has no budget: the first bad event overspends it; want 99.9 or so")
	case o.Target <= maxRatio:
		warn(target, "target-ratio", "a target of %s %% lets nearly everything fail: targets are percentages, did you mean %s?",
			percentText(o.Target), percentText(o.Target*100))
	}
	dead(o, func(rule slo.Rule) {
		warn(target, "never-fires", "the %s can never fire: its lowest burn rate, %.4g, would need more bad events than there are events; raise the target or give the tier lower factors",
			alertText(rule), lowestFactor(rule))
	})
	for i := range o.Segments {
		s := &o.Segments[i]
		dead(s.Objective, func(rule slo.Rule) {
			warn(m.Get("segments"), "never-fires", "the %s of segment %s can never fire: its lowest burn rate, %.4g, would need more bad events than there are events; raise the segment's target or give its tier lower factors",
				rule.Severity, s.Selector(), lowestFactor(rule))
		})
	}
	quiet(m, o, report)
	counted(m, o, report)
	grouped(m, o, report)
	threshold(m, o, report)
	inverted(m, o, report)
	for _, t := range o.SLI.Terms {
		if t.Bad > 0 && t.Total == 0 && t.Kind == slo.Counter {
			subset(m, o, t, report)
		}
	}
}

// quiet looks for objectives without alerts. In files of other tools each must be
// switched off by hand, so that it is meant.
func quiet(m *document.Mapping, o *slo.Objective, report Report) {
	if len(o.Rules) > 0 {
		return
	}
	n := m.Get("alerting")
	if n.IsZero() {
		n = m.Node()
	}
	if o.Format != slo.FormatNative {
		report(slo.LevelInfo, "no-alerts", n.Problem("every alert is switched off: nobody is told when this budget burns"))
		return
	}
	report(slo.LevelWarning, "no-alerts", n.Problem("nobody is told when this budget burns: every alert is switched off or has windows longer than the objective's"))
}

// maxRatio is the highest target, as a ratio, that is taken for a ratio in a percentage's
// place, as 0.999 is.
const maxRatio = 0.01

// dead calls fn with the rules none of whose pairs can hold. At a target that is said to
// be wrong that says nothing.
func dead(o *slo.Objective, fn func(slo.Rule)) {
	if o.Target <= maxRatio {
		return
	}
	for _, rule := range o.Rules {
		// At a target of 93.06 % a burn rate of 14.4 takes every event to be bad.
		if o.Target < 1 && !slices.ContainsFunc(rule.Pairs, func(p slo.Pair) bool { return p.Factor*o.Allowed() < 1 }) {
			fn(rule)
		}
	}
}

// alertText names an alert by its severity, and by the key that tells those of one
// severity apart.
func alertText(r slo.Rule) string {
	if r.Key == "" {
		return r.Severity
	}
	return r.Severity + " (" + r.Key + ")"
}

func lowestFactor(r slo.Rule) float64 {
	return slices.MinFunc(r.Pairs, func(a, b slo.Pair) int {
		if a.Factor < b.Factor {
			return -1
		}
		return 1
	}).Factor
}

// subset finds bad events that total does not count: same metric, but total
// asks for more.
func subset(m *document.Mapping, o *slo.Objective, bad slo.Term, report Report) {
	name := bind.MetricName(bad.Matchers)
	var totals []slo.Term
	for _, t := range o.SLI.Terms {
		if t.Total > 0 && bind.MetricName(t.Matchers) == name {
			totals = append(totals, t)
		}
	}
	if name == "" || len(totals) != 1 {
		return
	}
	for _, want := range totals[0].Matchers {
		i := slices.IndexFunc(bad.Matchers, func(m *labels.Matcher) bool { return m.Name == want.Name })
		switch {
		case i < 0:
			report(slo.LevelWarning, "not-subset", m.Get("sli", "indicator").Problem(
				"bad events are not a part of total: only total asks for %s; add it to the selector of the bad ones", want))
			return
		case bad.Matchers[i].Type == labels.MatchEqual && !want.Matches(bad.Matchers[i].Value):
			report(slo.LevelWarning, "not-subset", m.Get("sli", "indicator").Problem(
				"bad events are not a part of total: they have %s, and total asks for %s; make both ask for the same", bad.Matchers[i], want))
			return
		}
	}
}

func percentText(ratio float64) string {
	return strconv.FormatFloat(ratio*100, 'g', 10, 64)
}
