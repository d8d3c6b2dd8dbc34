package bind

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

var (
	windowPlaceholder = regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`)
	otherPlaceholder  = regexp.MustCompile(`\{\{`)
	fixedRange        = regexp.MustCompile(`\[[0-9][0-9a-z]*\]`)
)

// probeWindow takes the placeholder's place while a query is looked at. No human
// writes it, so a range of this length is the placeholder.
const probeWindow = 131 * time.Second

// Query is a query over a range that is not known yet.
type Query struct {
	// Text has the placeholder in its canonical form, and no comments.
	Text string
	expr parser.Expr
}

// Parse reads a query with the window placeholder.
func Parse(text string) (*Query, error) {
	if strings.TrimSpace(text) == "" {
		return nil, whole("the query is empty")
	}
	if !windowPlaceholder.MatchString(text) {
		hint := ""
		if r := fixedRange.FindString(text); r != "" {
			hint = ", so write [{{.window}}] for " + r
		}
		return nil, whole("the query has no {{.window}}: it must be evaluable over any range" + hint)
	}
	// A duration as long as the placeholder keeps every place in the text.
	probe := windowPlaceholder.ReplaceAllStringFunc(text, func(s string) string {
		d := slo.FormatDuration(probeWindow)
		return strings.Repeat("0", len(s)-len(d)) + d
	})
	if at := otherPlaceholder.FindStringIndex(probe); at != nil {
		return nil, &Error{Offset: at[0], Msg: "only {{.window}} can stand for something here"}
	}
	expr, err := promParser.ParseExpr(probe)
	if err != nil {
		return nil, parseError(err)
	}
	if t := expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return nil, whole(fmt.Sprintf("the query yields a %s: want an instant vector, such as sum(rate(…))", parser.DocumentedType(t)))
	}
	text = uncommented(text, probe)
	return &Query{strings.TrimSpace(windowPlaceholder.ReplaceAllLiteralString(text, slo.WindowPlaceholder)), expr}, nil
}

// Uncommented is a text of PromQL without comments, to be put into another.
func Uncommented(text string) string { return strings.TrimSpace(uncommented(text, text)) }

// uncommented is a text without its comments, which would swallow what is written behind
// it; probe is the same text as PromQL.
func uncommented(text, probe string) string {
	if !strings.Contains(text, "#") {
		return text
	}
	var b strings.Builder
	at := 0
	var item parser.Item
	for l := parser.Lex(probe); item.Typ != parser.EOF && item.Typ != parser.ERROR; l.NextItem(&item) {
		if item.Typ == parser.COMMENT {
			b.WriteString(text[at:item.Pos])
			at = int(item.Pos) + len(item.Val)
		}
	}
	return b.String() + text[at:]
}

// Bound is an SLI made of queries, and what was assumed about them, in sentences.
type Bound struct {
	SLI     slo.SLI
	Assumed []string
}

// Events is the SLI of a query for bad and one for all events.
func Events(bad, total *Query) Bound {
	s, err := eventShare(bad.expr, total.expr)
	return bound(s, err, slo.Query{Bad: bad.Text, Total: total.Text}, total, bad)
}

// Good is the SLI of a query for good and one for all events.
func Good(good, total *Query) Bound {
	s, err := eventShare(good.expr, total.expr)
	if err == nil {
		s, err = s.rest()
	}
	return bound(s, err, slo.Query{Bad: "(" + total.Text + ") - (" + good.Text + ")", Total: total.Text}, total, good)
}

// GoodRatio is the SLI of a query for the share of good events.
func GoodRatio(q *Query) Bound {
	s, err := ratioShare(q.expr, 1)
	if err == nil {
		s, err = s.rest()
	}
	return bound(s, err, slo.Query{ErrorRatio: "1 - (" + q.Text + ")"}, q)
}

// Ratio is the SLI of a query for the share of bad events.
func Ratio(q *Query) Bound {
	s, err := ratioShare(q.expr, 0)
	return bound(s, err, slo.Query{ErrorRatio: q.Text}, q)
}

// bound makes the SLI of a recognised share, or else of the query. The first of those
// read has its groups.
func bound(s share, err error, q slo.Query, read ...*Query) Bound {
	if err == nil {
		if terms := s.terms(); terms != nil {
			b := Bound{SLI: slo.SLI{Terms: terms, By: s.total.by, Births: slo.BirthsAuto, Written: &q}}
			if s.total.offset > 0 {
				b.Assumed = append(b.Assumed, LeftOut(s.total.offset))
			}
			if made := sortedSet(slices.Concat(s.part.made, s.total.made)); len(made) > 0 {
				b.Assumed = append(b.Assumed, fmt.Sprintf("what label_replace or label_join puts on (%s) is left out: budgets have the labels of the sum", strings.Join(made, ", ")))
			}
			if s.merged {
				b.Assumed = append(b.Assumed, "the query has a ratio for every series, or for what `without` leaves of them: here all of them make one budget; sum by (…) makes one for each")
			}
			return b
		}
		err = errors.New("no events are left once like terms are added up")
	}
	q.Reason = err.Error()
	for _, e := range read {
		q.Reads = append(q.Reads, parser.ExtractSelectors(e.expr)...)
	}
	return Bound{SLI: slo.SLI{Query: &q, By: grouping(read[0].expr), Births: slo.BirthsAuto}}
}

// LeftOut says that an offset which waits for late samples is not needed.
func LeftOut(offset time.Duration) string {
	return fmt.Sprintf("offset %s is left out: slowburn counts late samples when they come", slo.FormatDuration(offset))
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
