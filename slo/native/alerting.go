package native

import (
	"maps"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// alerting reads what an objective changes in its tier's rules: labels and
// annotations for all, and a mapping per severity.
func (r reader) alerting(n document.Node, tier slo.Tier, rules []slo.Rule) []slo.Rule {
	m := n.Mapping()
	labels := r.Labels(m.Get("labels"), taken)
	annotations := r.Labels(m.Get("annotations"), nil)
	over := map[string]document.Node{}
	var severities []string
	for _, a := range tier.Alerts {
		severities = append(severities, a.Severity)
		over[a.Severity] = m.Get(a.Severity)
	}
	for _, e := range m.Entries() {
		if e.Name == slo.SeverityPage || e.Name == slo.SeverityTicket {
			if m.Get(e.Name); !slices.Contains(severities, e.Name) {
				e.Key.Errorf("tier %q has no severity %q: it has %s", tier.Name, e.Name, strings.Join(severities, ", "))
			}
		}
	}
	m.Done()

	out := make([]slo.Rule, 0, len(rules))
	for _, rule := range rules {
		rule.Labels = spec.Merge(labels, rule.Labels)
		rule.Annotations = spec.Merge(rule.Annotations, annotations)
		if keep := r.severity(over[rule.Severity], &rule); keep {
			out = append(out, rule)
		}
		delete(over, rule.Severity)
	}
	// Severities whose pairs are all longer than the window make no rule; what is
	// said about them is read all the same.
	for _, name := range slices.Sorted(maps.Keys(over)) {
		r.severity(over[name], &slo.Rule{})
	}
	return out
}

// severity reads what an objective says about one severity; false switches it off.
func (r reader) severity(n document.Node, rule *slo.Rule) bool {
	m := n.Mapping()
	if v := m.Get("for"); !v.IsZero() {
		rule.For = r.Duration(v)
	}
	if v := m.Get("keep_firing_for"); !v.IsZero() {
		rule.KeepFiringFor = r.Duration(v)
	}
	if v := m.Get("min_bad_events"); !v.IsZero() {
		min, _, _ := v.Number()
		if min < 0 {
			v.Errorf("min_bad_events is a count of events, %s is none", v)
		}
		rule.MinBadEvents = min
	}
	rule.Labels = spec.Merge(rule.Labels, r.Labels(m.Get("labels"), taken))
	rule.Annotations = spec.Merge(rule.Annotations, r.Labels(m.Get("annotations"), nil))
	off := m.Get("disable").Bool()
	m.Done()
	return !off
}
