package lint

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// gaugeEndings end the names of metrics that go up and down, in the field's naming
// (prometheus.io, "metric and label naming"): a counter has _total behind its unit.
var gaugeEndings = []string{"_seconds", "_bytes", "_ratio", "_percent", "_celsius", "_success", "_up", "_current", "_info"}

// counted looks at what is counted as a counter: names that speak of a gauge.
func counted(m *document.Mapping, o *slo.Objective, report Report) {
	for i := range o.SLI.Terms {
		t := &o.SLI.Terms[i]
		name := bind.MetricName(t.Matchers)
		if t.Kind == slo.Counter && (name == "up" || slices.ContainsFunc(gaugeEndings, func(end string) bool { return strings.HasSuffix(name, end) })) {
			report(slo.LevelWarning, "gauge", m.Get("sli").Problem(
				"%s is counted by its increments, and by its name it is a gauge, which falls as it rises: use a probe for a gauge, or the counter it belongs to", name))
			return
		}
	}
}

// grouped looks for labels that make groups and at the same time tell bad events
// from good ones: such groups are all bad or all good.
func grouped(m *document.Mapping, o *slo.Objective, report Report) {
	for i := range o.SLI.Terms {
		bad := &o.SLI.Terms[i]
		if bad.Bad <= 0 || bad.Total != 0 {
			continue
		}
		for _, ask := range bad.Matchers {
			if slices.Contains(o.SLI.By, ask.Name) && !totalAsks(o, ask) {
				report(slo.LevelWarning, "groups", m.Get("by", "grouping").Problem(
					"%q both makes groups and tells bad events from good ones (%s), so each group is all bad or all good: leave it out of the groups", ask.Name, ask))
				return
			}
		}
	}
}

func totalAsks(o *slo.Objective, ask *labels.Matcher) bool {
	return slices.ContainsFunc(o.SLI.Terms, func(t slo.Term) bool {
		return t.Total > 0 && slices.ContainsFunc(t.Matchers, func(m *labels.Matcher) bool { return m.String() == ask.String() })
	})
}
