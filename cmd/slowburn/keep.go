package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// targetLabels say whose series they are. Only they narrow a metric down: the
// engine takes a counter for newly born when its target has sent others of the
// same metric before, so all series of a metric of one target must come.
var targetLabels = []string{"job", "instance", "namespace", "cluster"}

// family is a set of metric names, and the target labels that every selector that
// reads it pins, with the values they ask for.
type family struct {
	regex  string
	target map[string][]string
}

// keepRule is the one relabelling rule that keeps every series the objectives
// read and those that the selectors besides do; nil if any series may be read.
//
// Prometheus cannot join rules by "or", so the rule's regex has one branch per
// metric, over the name and those target labels that narrow some metric down.
func keepRule(objectives []*slo.Objective, besides ...[]*labels.Matcher) *keepConfig {
	all := besides
	for _, o := range objectives {
		all = append(all, selectorsOf(o)...)
	}
	families := map[string]*family{}
	for _, ms := range all {
		f := familyOf(ms)
		if have, ok := families[f.regex]; ok {
			for name := range have.target {
				if len(f.target[name]) == 0 {
					delete(have.target, name)
					continue
				}
				have.target[name] = append(have.target[name], f.target[name]...)
			}
			continue
		}
		families[f.regex] = f
	}
	var narrowing []string
	for _, name := range targetLabels {
		for _, f := range families {
			if _, ok := f.target[name]; ok && !slices.Contains(narrowing, name) {
				narrowing = append(narrowing, name)
			}
		}
	}
	var branches []string
	for _, regex := range slices.Sorted(maps.Keys(families)) {
		f := families[regex]
		if regex == anyName && len(f.target) == 0 {
			return nil
		}
		branch := regex
		for _, name := range narrowing {
			branch += ";" + oneOf(f.target[name])
		}
		branches = append(branches, branch)
	}
	return &keepConfig{
		SourceLabels: append([]string{labels.MetricName}, narrowing...),
		Regex:        strings.Join(branches, "|"),
		Action:       "keep",
	}
}

// oneOf matches any of the values; without values everything.
func oneOf(values []string) string {
	slices.Sort(values)
	values = slices.Compact(values)
	for i, v := range values {
		values[i] = regexp.QuoteMeta(v)
	}
	switch len(values) {
	case 0:
		return ".*"
	case 1:
		return values[0]
	}
	return "(?:" + strings.Join(values, "|") + ")"
}

const anyName = "[^;]+"

func familyOf(ms []*labels.Matcher) *family {
	f := &family{regex: anyName, target: map[string][]string{}}
	for _, m := range ms {
		switch {
		case m.Name == labels.MetricName && m.Type == labels.MatchEqual:
			f.regex = regexp.QuoteMeta(m.Value)
		case m.Name == labels.MetricName && m.Type == labels.MatchRegexp:
			f.regex = "(?:" + m.Value + ")"
		case m.Type == labels.MatchEqual && m.Value != "" && slices.Contains(targetLabels, m.Name):
			f.target[m.Name] = []string{m.Value}
		}
	}
	return f
}

// selectorsOf are all selectors an objective reads.
func selectorsOf(o *slo.Objective) [][]*labels.Matcher {
	var out [][]*labels.Matcher
	for i := range o.SLI.Terms {
		out = append(out, o.SLI.Terms[i].Matchers)
	}
	if o.SLI.Query != nil {
		out = append(out, o.SLI.Query.Reads...)
	}
	return out
}
