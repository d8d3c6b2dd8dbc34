package replay

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Selectors are the matchers of all series that the objectives read, without those
// that another selects already: a bad term's series are mostly some of the total's.
func Selectors(objectives []*slo.Objective) [][]*labels.Matcher {
	var all []selector
	for _, o := range objectives {
		for i := range o.SLI.Terms {
			all = append(all, newSelector(o.SLI.Terms[i].Matchers))
		}
		if o.SLI.Query != nil {
			for _, ms := range o.SLI.Query.Reads {
				all = append(all, newSelector(ms))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b selector) int { return len(a.texts) - len(b.texts) })
	byName := map[string][]selector{}
	var out [][]*labels.Matcher
	for _, s := range all {
		if slices.ContainsFunc(byName[s.name], s.within) {
			continue
		}
		byName[s.name] = append(byName[s.name], s)
		out = append(out, s.matchers)
	}
	return out
}

type selector struct {
	name     string // the metric's, empty if a regular expression selects it
	matchers []*labels.Matcher
	texts    map[string]bool
}

func newSelector(ms []*labels.Matcher) selector {
	s := selector{matchers: ms, texts: map[string]bool{}}
	for _, m := range ms {
		s.texts[m.String()] = true
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			s.name = m.Value
		}
	}
	return s
}

// within says whether wide selects all that s does: s demands the same and more.
func (s selector) within(wide selector) bool {
	for t := range wide.texts {
		if !s.texts[t] {
			return false
		}
	}
	return true
}

// selectorText is a selector as PromQL writes it.
func selectorText(ms []*labels.Matcher) string {
	texts := make([]string, 0, len(ms))
	for _, m := range ms {
		texts = append(texts, m.String())
	}
	return "{" + strings.Join(texts, ",") + "}"
}
