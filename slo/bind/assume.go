package bind

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// otherRanges are what people and other tools write where the range goes.
var otherRanges = regexp.MustCompile(`\[\s*(\$__rate_interval|\$__interval|\$__range|\$\{?window\}?|\{\{\s*(?:window|\.Window)\s*\}\}|<window>)\s*\]`)

// Assume reads a query for counts that does not say {{.window}}: a bare selector, a
// sum of counters, or rates over a range of their own. It returns what it took for
// granted, in sentences. counter says that bare series are counters; if not, those of
// other names than counters have are gauges.
func Assume(text string, counter bool) (*Query, []string, error) {
	var assumed []string
	if m := otherRanges.FindStringSubmatch(text); m != nil {
		text = otherRanges.ReplaceAllString(text, "["+slo.WindowPlaceholder+"]")
		assumed = append(assumed, fmt.Sprintf("the range %s is taken for the window", m[1]))
	}
	if windowPlaceholder.MatchString(text) {
		q, err := Parse(text)
		return q, assumed, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil, whole("the query is empty")
	}
	expr, err := promParser.ParseExpr(text)
	if err != nil {
		return nil, nil, parseError(err)
	}
	if vs, bare := unparen(expr).(*parser.VectorSelector); bare {
		if expr, err = promParser.ParseExpr("sum(" + vs.String() + ")"); err != nil {
			return nil, nil, parseError(err)
		}
	}
	if !counter && gauges(expr) {
		q, err := Parse("avg_over_time((" + expr.String() + ")[" + slo.WindowPlaceholder + ":1m])")
		return q, append(assumed, "counter is false: the values, looked at each minute, are averaged over the window"), err
	}
	ranged, bare := overWindow(expr)
	if bare {
		assumed = append(assumed, "the series are taken for counters, and their increments are counted")
	}
	if ranged != "" {
		assumed = append(assumed, fmt.Sprintf("the range %s is taken for the window", ranged))
	}
	probe := "[" + probeText + "]"
	q, err := Parse(strings.ReplaceAll(expr.String(), probe, "["+slo.WindowPlaceholder+"]"))
	return q, assumed, err
}

// probeText is probeWindow as PromQL prints it.
const probeText = "2m11s"

// gauges says that an expression, which is no bare selector, takes series as they are
// which no name tells to be counters.
func gauges(expr parser.Expr) bool {
	found := false
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		vs, ok := n.(*parser.VectorSelector)
		if !ok || isCounter(vs) {
			return nil
		}
		_, ranged := path[len(path)-1].(*parser.MatrixSelector)
		found = found || !ranged
		return nil
	})
	return found
}

func isCounter(vs *parser.VectorSelector) bool {
	for _, suffix := range []string{"_total", "_count", "_bucket", "_sum"} {
		if strings.HasSuffix(vs.Name, suffix) {
			return true
		}
	}
	return false
}

// overWindow changes an expression so that it counts over the window: ranges become
// the window, and what stands without a range gets a rate. It returns the range
// there was, and whether there was something without.
func overWindow(e parser.Node) (ranged string, bare bool) {
	switch e := e.(type) {
	case *parser.MatrixSelector:
		ranged = slo.FormatDuration(e.Range)
		e.Range = probeWindow
		return ranged, false
	case *parser.SubqueryExpr:
		ranged = slo.FormatDuration(e.Range)
		e.Range = probeWindow
		return ranged, false
	case *parser.AggregateExpr:
		if rate, ok := rateOf(e.Expr); ok {
			e.Expr = rate
			return "", true
		}
	case *parser.BinaryExpr:
		for _, side := range []*parser.Expr{&e.LHS, &e.RHS} {
			if rate, ok := rateOf(*side); ok {
				*side, bare = rate, true
			}
		}
	case *parser.ParenExpr:
		if rate, ok := rateOf(e.Expr); ok {
			e.Expr = rate
			return "", true
		}
	}
	for child := range parser.ChildrenIter(e) {
		r, b := overWindow(child)
		if r != "" {
			ranged = r
		}
		bare = bare || b
	}
	return ranged, bare
}

// rateOf is the rate over the window of a bare selector.
func rateOf(e parser.Expr) (parser.Expr, bool) {
	vs, ok := e.(*parser.VectorSelector)
	if !ok {
		return nil, false
	}
	return &parser.Call{Func: parser.Functions["rate"], Args: parser.Expressions{&parser.MatrixSelector{VectorSelector: vs, Range: probeWindow}}}, true
}
