package native

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// segment is what an objective says of some of its groups.
type segment struct {
	match  []*labels.Matcher
	target float64
	tier   slo.Tier
}

// segments reads which groups have a target or tier of their own:
//
//	by: [plan]
//	segments:
//	  - match: {plan: [gold, platinum]}
//	    target: 99.99
//	    tier: critical
func (r reader) segments(n document.Node, by []string, tier slo.Tier, target float64) []segment {
	list := n.List()
	if len(by) == 0 && len(list) > 0 {
		n.Errorf("segments are groups: name the labels that make them with \"by\"")
	}
	var out []segment
	for _, e := range list {
		m := e.Mapping()
		s := segment{match: r.groupMatch(m.Require("match"), by), target: target, tier: tier}
		ownTarget, ownTier := m.Get("target"), m.Get("tier")
		if ownTarget.IsZero() && ownTier.IsZero() {
			e.Errorf("the segment changes nothing: give it a \"target\" or a \"tier\"")
		}
		if !ownTarget.IsZero() {
			s.target = r.target(ownTarget)
		}
		if !ownTier.IsZero() {
			s.tier, _ = r.tier(ownTier, document.Node{})
		}
		m.Done()
		out = append(out, s)
	}
	return out
}

// groupMatch reads values by label: one, or any of several.
func (r reader) groupMatch(n document.Node, by []string) []*labels.Matcher {
	var ms []*labels.Matcher
	entries := n.Mapping().Entries()
	if len(entries) == 0 && !n.IsZero() {
		n.Errorf("\"match\" is empty: name a label and its value, such as {plan: gold}")
	}
	for _, e := range entries {
		if len(by) > 0 && !slices.Contains(by, e.Name) {
			e.Key.Errorf("%q makes no groups: \"by\" has %s", e.Name, strings.Join(by, ", "))
		}
		values := e.Value.Strings()
		switch len(values) {
		case 0:
			e.Key.Errorf("%q has no value", e.Name)
		case 1:
			ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, e.Name, values[0]))
		default:
			for i := range values {
				values[i] = regexp.QuoteMeta(values[i])
			}
			ms = append(ms, labels.MustNewMatcher(labels.MatchRegexp, e.Name, strings.Join(values, "|")))
		}
	}
	slices.SortFunc(ms, func(a, b *labels.Matcher) int { return strings.Compare(a.Name, b.Name) })
	return ms
}

// of is the segment of a finished objective.
func (s segment) of(o *slo.Objective, a alerting) slo.Segment {
	own := o.Clone()
	own.Segments = nil
	own.Target, own.Tier, own.Policy = s.target, s.tier.Name, s.tier.Policy
	own.Rules = a.change(s.tier.Rules(o.Windows[0]))
	return slo.Segment{Match: s.match, Objective: own}
}
