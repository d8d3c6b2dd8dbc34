package match

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Index holds references to terms.
type Index[R any] struct {
	term  func(R) *slo.Term
	names map[string]*byLabel[R]
	rest  []R // those that demand no one metric name
}

// byLabel are the terms of one metric name.
type byLabel[R any] struct {
	label  string
	values map[string][]R
	rest   []R
}

// New makes an index of references; term is what one refers to.
func New[R any](refs []R, term func(R) *slo.Term) *Index[R] {
	byName := map[string][]R{}
	x := &Index[R]{term: term, names: map[string]*byLabel[R]{}}
	for _, r := range refs {
		if name, ok := Equality(term(r), labels.MetricName); ok {
			byName[name] = append(byName[name], r)
		} else {
			x.rest = append(x.rest, r)
		}
	}
	for name, refs := range byName {
		x.names[name] = x.byLabel(refs)
	}
	return x
}

func (x *Index[R]) byLabel(refs []R) *byLabel[R] {
	by := &byLabel[R]{label: x.telling(refs), values: map[string][]R{}}
	for _, r := range refs {
		if v, ok := Equality(x.term(r), by.label); ok && by.label != "" {
			by.values[v] = append(by.values[v], r)
		} else {
			by.rest = append(by.rest, r)
		}
	}
	return by
}

// telling is the label whose equality matchers tell most of the terms apart.
func (x *Index[R]) telling(refs []R) string {
	distinct := map[string]map[string]bool{}
	for _, r := range refs {
		for _, m := range x.term(r).Matchers {
			if m.Type == labels.MatchEqual && m.Name != labels.MetricName && m.Value != "" {
				if distinct[m.Name] == nil {
					distinct[m.Name] = map[string]bool{}
				}
				distinct[m.Name][m.Value] = true
			}
		}
	}
	label := ""
	for name, values := range distinct {
		if n := len(distinct[label]); len(values) > n || len(values) == n && name < label {
			label = name
		}
	}
	return label
}

// Equality is the value a term demands of a label, if it demands one.
func Equality(t *slo.Term, name string) (string, bool) {
	for _, m := range t.Matchers {
		if m.Name == name && m.Type == labels.MatchEqual && m.Value != "" {
			return m.Value, true
		}
	}
	return "", false
}

// Match appends to out the references to the terms that read the series.
func (x *Index[R]) Match(out []R, lset labels.Labels) []R {
	add := func(refs []R) {
		for _, r := range refs {
			if x.term(r).Matches(lset) {
				out = append(out, r)
			}
		}
	}
	if by := x.names[lset.Get(labels.MetricName)]; by != nil {
		add(by.rest)
		if by.label != "" {
			add(by.values[lset.Get(by.label)])
		}
	}
	add(x.rest)
	return out
}

// Names selects by metric name every series that some term may read.
func (x *Index[R]) Names() *labels.Matcher {
	if len(x.rest) > 0 {
		return labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+")
	}
	names := make([]string, 0, len(x.names))
	for name := range x.names {
		names = append(names, regexp.QuoteMeta(name))
	}
	slices.Sort(names)
	return labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, strings.Join(names, "|"))
}
