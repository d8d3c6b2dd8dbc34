package slo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo/document"
)

// WindowPlaceholder stands for the range in a Query's texts.
const WindowPlaceholder = "{{.window}}"

// Over are the query's texts with the range put in.
func (q *Query) Over(window time.Duration) Query {
	w := FormatDuration(window)
	put := func(s string) string { return strings.ReplaceAll(s, WindowPlaceholder, w) }
	return Query{ErrorRatio: put(q.ErrorRatio), Bad: put(q.Bad), Total: put(q.Total), Reason: q.Reason}
}

var (
	windowPlaceholder = regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`)
	otherPlaceholder  = regexp.MustCompile(`\{\{`)
)

// probeWindow takes the placeholder's place while a query is looked at. No human
// writes it, so a range of this length is the placeholder.
const probeWindow = 131 * time.Second

// promQuery reads a query with the window placeholder. The text it returns has
// the placeholder in its canonical form; expr is nil if it does not parse.
func (r *reader) promQuery(n document.Node) (expr parser.Expr, text string) {
	text, ok := n.Text()
	if !ok {
		return nil, ""
	}
	if strings.TrimSpace(text) == "" {
		n.Errorf("the query is empty")
		return nil, ""
	}
	if !windowPlaceholder.MatchString(text) {
		n.Errorf("the query has no {{.window}}: it must be evaluable over any range")
		return nil, ""
	}
	// A duration as long as the placeholder keeps every place in the text.
	probe := windowPlaceholder.ReplaceAllStringFunc(text, func(s string) string {
		d := FormatDuration(probeWindow)
		return strings.Repeat("0", len(s)-len(d)) + d
	})
	if at := otherPlaceholder.FindStringIndex(probe); at != nil {
		n.ErrorfAt(at[0], "only {{.window}} can stand for something here")
		return nil, ""
	}
	expr, err := promParser.ParseExpr(probe)
	if err != nil {
		promErrors(n, err)
		return nil, ""
	}
	if t := expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		n.Errorf("the query yields a %s: want an instant vector, such as sum(rate(…))", parser.DocumentedType(t))
		return nil, ""
	}
	return expr, strings.TrimSpace(windowPlaceholder.ReplaceAllLiteralString(text, WindowPlaceholder))
}

// eventQueries reads an SLI of two queries, bad and total events.
func (r *reader) eventQueries(badNode, totalNode document.Node) SLI {
	bad, badText := r.promQuery(badNode)
	total, totalText := r.promQuery(totalNode)
	if bad == nil || total == nil {
		return SLI{}
	}
	if badText == totalText {
		badNode.Errorf("the queries for bad and for all events are the same: every event would be bad")
	}
	share, err := eventShare(bad, total)
	return r.bind(badNode, share, err, Query{Bad: badText, Total: totalText}, total)
}

// ratioQuery reads an SLI of one query for the share of bad events.
func (r *reader) ratioQuery(n document.Node) SLI {
	expr, text := r.promQuery(n)
	if expr == nil {
		return SLI{}
	}
	share, err := ratioShare(expr, 0)
	return r.bind(n, share, err, Query{ErrorRatio: text}, expr)
}

// bind makes the SLI of a recognised share, or else of the query.
func (r *reader) bind(n document.Node, s share, err error, q Query, grouped parser.Expr) SLI {
	if err == nil {
		if terms := s.terms(); terms != nil {
			return SLI{Terms: terms, By: s.total.by, Births: BirthsAuto}
		}
		err = fmt.Errorf("no events are left once like terms are added up")
	}
	q.Reason = err.Error()
	r.finding(LevelWarning, "promql", n.Problem("this query cannot be counted from series (%s), and free PromQL is not evaluated yet: the objective will have no data", q.Reason))
	return SLI{Query: &q, By: grouping(grouped), Births: BirthsAuto}
}

// grouping are the labels of the first `by` of a query, from outside in.
func grouping(e parser.Node) []string {
	if a, ok := e.(*parser.AggregateExpr); ok && !a.Without {
		// histogram_quantile and its kin take "le" away.
		return sortedSet(slices.DeleteFunc(slices.Clone(a.Grouping), func(s string) bool { return s == labels.BucketLabel }))
	}
	for c := range parser.ChildrenIter(e) {
		if by := grouping(c); len(by) > 0 {
			return by
		}
	}
	return nil
}
