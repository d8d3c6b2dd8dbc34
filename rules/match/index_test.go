package match_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/rules/match"
	"github.com/slowburn/slowburn/slo"
)

// TestMatch: whatever way the index takes, it finds the terms that asking each of
// them finds.
func TestMatch(t *testing.T) {
	selectors := []string{
		`requests_total{service="a"}`, `requests_total{service="b",code=~"5.."}`, `requests_total{service="b"}`,
		`requests_total{code="500"}`, `requests_total`, `up{job="a"}`, `{__name__=~"req.*",service="a"}`, `{job="a"}`,
		`requests_total{service=""}`,
	}
	terms := map[string]*slo.Term{}
	for _, s := range selectors {
		ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		terms[s] = &slo.Term{Matchers: ms}
	}
	x := match.New(selectors, func(s string) *slo.Term { return terms[s] })
	for _, series := range []labels.Labels{
		labels.FromStrings(labels.MetricName, "requests_total", "service", "a", "code", "200"),
		labels.FromStrings(labels.MetricName, "requests_total", "service", "b", "code", "500"),
		labels.FromStrings(labels.MetricName, "requests_total", "service", "c", "code", "500"),
		labels.FromStrings(labels.MetricName, "requests_total", "job", "a"),
		labels.FromStrings(labels.MetricName, "up", "job", "a"),
		labels.FromStrings(labels.MetricName, "other"),
	} {
		want := map[string]bool{}
		for s, term := range terms {
			if term.Matches(series) {
				want[s] = true
			}
		}
		have := map[string]bool{}
		for _, s := range x.Match(nil, series) {
			have[s] = true
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("%s (-want +have):\n%s", series, d)
		}
	}
	if have := x.Names().String(); have != `__name__=~".+"` {
		t.Errorf("want every name asked for, have %s", have)
	}
	named := match.New(selectors[:6], func(s string) *slo.Term { return terms[s] })
	if have := named.Names().String(); have != `__name__=~"requests_total|up"` {
		t.Errorf("want the two names, have %s", have)
	}
}
