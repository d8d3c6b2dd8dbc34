package native

import (
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// alerting is what an objective changes in the rules of its tier and its segments'
// tiers: labels and annotations for all, and more by severity.
type alerting struct {
	labels, annotations map[string]string
	severities          map[string]change
}

// change is what an objective says about one severity.
type change struct {
	off                 bool
	forDuration, keep   *time.Duration
	minBad              *float64
	labels, annotations map[string]string
}

// alerting reads it; tiers say which severities there are.
func (r reader) alerting(n document.Node, tiers []slo.Tier) alerting {
	m := n.Mapping()
	a := alerting{severities: map[string]change{}}
	a.labels = r.Labels(m.Get("labels"), taken)
	a.annotations = r.Labels(m.Get("annotations"), nil)
	var severities []string
	for _, t := range tiers {
		for _, alert := range t.Alerts {
			if !slices.Contains(severities, alert.Severity) {
				severities = append(severities, alert.Severity)
				a.severities[alert.Severity] = r.change(m.Get(alert.Severity))
			}
		}
	}
	for _, e := range m.Entries() {
		if e.Name == slo.SeverityPage || e.Name == slo.SeverityTicket {
			if m.Get(e.Name); !slices.Contains(severities, e.Name) {
				e.Key.Errorf("tier %q has no severity %q: it has %s", tiers[0].Name, e.Name, strings.Join(severities, ", "))
			}
		}
	}
	m.Done()
	return a
}

func (r reader) change(n document.Node) change {
	m := n.Mapping()
	var c change
	if v := m.Get("for"); !v.IsZero() {
		d := r.Duration(v)
		c.forDuration = &d
	}
	if v := m.Get("keep_firing_for"); !v.IsZero() {
		d := r.Duration(v)
		c.keep = &d
	}
	if v := m.Get("min_bad_events"); !v.IsZero() {
		min, _, _ := v.Number()
		if min < 0 {
			v.Errorf("min_bad_events is a count of events, %s is none", v)
		}
		c.minBad = &min
	}
	c.labels = r.Labels(m.Get("labels"), taken)
	c.annotations = r.Labels(m.Get("annotations"), nil)
	c.off = m.Get("disable").Bool()
	m.Done()
	return c
}

// change makes an objective's rules from those of a tier.
func (a alerting) change(rules []slo.Rule) []slo.Rule {
	out := make([]slo.Rule, 0, len(rules))
	for _, rule := range rules {
		c := a.severities[rule.Severity]
		if c.off {
			continue
		}
		rule.Labels = spec.Merge(spec.Merge(a.labels, rule.Labels), c.labels)
		rule.Annotations = spec.Merge(spec.Merge(rule.Annotations, a.annotations), c.annotations)
		if c.forDuration != nil {
			rule.For = *c.forDuration
		}
		if c.keep != nil {
			rule.KeepFiringFor = *c.keep
		}
		if c.minBad != nil {
			rule.MinBadEvents = *c.minBad
		}
		out = append(out, rule)
	}
	return out
}
