package derive

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// matching is a query's matchers, split for one family: some concern the labels all
// series of a budget share, the others tell its variants apart.
type matching struct {
	family  familyID
	base    []*labels.Matcher
	variant []*labels.Matcher
	// none says that no series of the family can match.
	none bool
	memo map[*shape][]*variant
}

func (f *family) match(ms []*labels.Matcher) *matching {
	m := &matching{family: f.id, memo: map[*shape][]*variant{}}
	for _, matcher := range ms {
		if isVariantLabel(f.id, matcher.Name) {
			m.variant = append(m.variant, matcher)
		} else {
			m.base = append(m.base, matcher)
		}
	}
	m.none = true
	for i := range table {
		if table[i].family == f.id && couldBe(&table[i], m.variant) {
			m.none = false
		}
	}
	return m
}

// couldBe says whether a metric's name may match; names that variants complete may.
func couldBe(m *metric, ms []*labels.Matcher) bool {
	for _, matcher := range ms {
		if matcher.Name == labels.MetricName && m.name != slothSLIPrefix && !matcher.Matches(m.name) {
			return false
		}
	}
	return true
}

func isVariantLabel(id familyID, name string) bool {
	switch name {
	case labels.MetricName:
		return true
	case slo.LabelWindow, slo.LabelState:
		return id == identity
	case slothWindowLabel:
		return id == slothSLI
	}
	return false
}

// variants are those of a shape that match.
func (m *matching) variants(s *shape) []*variant {
	if found, ok := m.memo[s]; ok {
		return found
	}
	var found []*variant
	for i := range s.variants[m.family] {
		if v := &s.variants[m.family][i]; v.matches(m.variant) {
			found = append(found, v)
		}
	}
	m.memo[s] = found
	return found
}

func (v *variant) matches(ms []*labels.Matcher) bool {
	for _, m := range ms {
		value := ""
		switch m.Name {
		case labels.MetricName:
			value = v.name
		case v.label.Name:
			value = v.label.Value
		}
		if !m.Matches(value) {
			return false
		}
	}
	return true
}
