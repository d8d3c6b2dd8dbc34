package slo

import (
	"errors"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo/document"
)

// promParser parses all PromQL in SLO files. It has no state.
var promParser = parser.NewParser(parser.Options{})

// selector reads a PromQL selector, and nothing else.
func (r *reader) selector(n document.Node) []*labels.Matcher {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		n.Errorf("want a selector such as http_requests_total{job=\"shop\"}, have an empty text")
		return nil
	}
	expr, err := promParser.ParseExpr(text)
	if err != nil {
		promErrors(n, err)
		return nil
	}
	vs, ok := unparen(expr).(*parser.VectorSelector)
	switch {
	case !ok:
		n.Errorf("want a selector such as http_requests_total{job=\"shop\"}, without rate or sum: slowburn counts the increments itself")
		return nil
	case !plain(vs):
		n.Errorf("a selector here has no offset and no @")
		return nil
	}
	return vs.LabelMatchers
}

// plain says whether the selector selects the present.
func plain(vs *parser.VectorSelector) bool {
	return vs.OriginalOffset == 0 && vs.OriginalOffsetExpr == nil && vs.Timestamp == nil && vs.StartOrEnd == 0
}

func unparen(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// promErrors records the parser's errors where they stand in the text.
func promErrors(n document.Node, err error) {
	var all parser.ParseErrors
	if !errors.As(err, &all) || len(all) == 0 {
		n.Errorf("not PromQL: %v", err)
		return
	}
	// The first explains the rest.
	n.ErrorfAt(int(all[0].PositionRange.Start), "not PromQL: %v", all[0].Err)
}

// metricName is the name the matchers ask for by equality, or "".
func metricName(ms []*labels.Matcher) string {
	for _, m := range ms {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// withName returns the matchers with another metric name.
func withName(ms []*labels.Matcher, name string) []*labels.Matcher {
	out := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}
	for _, m := range ms {
		if m.Name != labels.MetricName {
			out = append(out, m)
		}
	}
	return out
}

// without returns the matchers on other labels than name.
func without(ms []*labels.Matcher, name string) []*labels.Matcher {
	return slices.DeleteFunc(slices.Clone(ms), func(m *labels.Matcher) bool { return m.Name == name })
}

// sameMatchers says whether two selectors are the same, whatever their order.
func sameMatchers(a, b []*labels.Matcher) bool {
	return slices.Equal(matcherTexts(a), matcherTexts(b))
}

func matcherTexts(ms []*labels.Matcher) []string {
	out := make([]string, 0, len(ms))
	for _, m := range ms {
		out = append(out, m.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}
