package slo

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Segment gives those groups of an objective that match a target and a tier of their
// own. The first segment that matches a group has it; the roll-up is in none.
type Segment struct {
	// Match are matchers of group labels, all of which must hold.
	Match []*labels.Matcher
	// Objective is the objective as these groups have it: same name, SLI and windows,
	// but another target, tier, policy and other rules.
	Objective *Objective
}

// Selector is the segment's PromQL selector, "{plan=\"gold\"}".
func (s *Segment) Selector() string {
	parts := make([]string, len(s.Match))
	for i, m := range s.Match {
		parts[i] = m.String()
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// For is the objective as the budget with these group labels has it.
func (o *Objective) For(groups labels.Labels) *Objective {
	for i := range o.Segments {
		if matchGroups(o.Segments[i].Match, groups) {
			return o.Segments[i].Objective
		}
	}
	return o
}

// matchGroups says whether all matchers hold for a group; nothing holds for a
// roll-up.
func matchGroups(ms []*labels.Matcher, groups labels.Labels) bool {
	if groups.IsEmpty() {
		return false
	}
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(groups.Get(m.Name)) })
}

// Version dates the objective's targets and windows: they are in force from an event
// time on, ms.
func (o *Objective) Version(from int64) Version {
	v := Version{From: from, Target: o.Target}
	for _, w := range o.Windows {
		v.Windows = append(v.Windows, w.String())
	}
	for i := range o.Segments {
		v.Segments = append(v.Segments, SegmentTarget{o.Segments[i].Selector(), o.Segments[i].Objective.Target})
	}
	return v
}

// SegmentTarget is the target that a segment's groups had.
type SegmentTarget struct {
	Match  string  `json:"match"`
	Target float64 `json:"target"`
}

// Same says whether two versions differ in nothing but when they came into force.
func (v Version) Same(w Version) bool {
	return v.Target == w.Target && slices.Equal(v.Windows, w.Windows) && slices.Equal(v.Segments, w.Segments)
}

// VersionsFor are the versions as the budget with these group labels has them.
func VersionsFor(versions []Version, groups labels.Labels) []Version {
	if groups.IsEmpty() || !slices.ContainsFunc(versions, func(v Version) bool { return len(v.Segments) > 0 }) {
		return versions
	}
	out := slices.Clone(versions)
	p := parser.NewParser(parser.Options{})
	for i := range out {
		for _, s := range out[i].Segments {
			if ms, err := p.ParseMetricSelector(s.Match); err == nil && matchGroups(ms, groups) {
				out[i].Target = s.Target
				break
			}
		}
		out[i].Segments = nil
	}
	return out
}
