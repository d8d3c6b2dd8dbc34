package bind

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// promParser parses all PromQL in SLO files. It has no state.
var promParser = parser.NewParser(parser.Options{})

// Error is what is wrong with a text of PromQL; Offset is where, in bytes from the
// text's start, or negative if it is the text as a whole.
type Error struct {
	Offset int
	Msg    string
}

func (e *Error) Error() string { return e.Msg }

func whole(msg string) error { return &Error{Offset: -1, Msg: msg} }

// Selector reads a PromQL selector, and nothing else.
func Selector(text string) ([]*labels.Matcher, error) {
	vs, err := selector(text)
	switch {
	case err != nil:
		return nil, err
	case !plain(vs):
		return nil, whole("a selector here has no offset and no @")
	}
	return vs.LabelMatchers, nil
}

// Waiting reads a PromQL selector that may have an offset, to wait for late samples.
func Waiting(text string) ([]*labels.Matcher, time.Duration, error) {
	vs, err := selector(text)
	switch {
	case err != nil:
		return nil, 0, err
	case !waiting(vs):
		return nil, 0, whole("a selector here has no @ and no offset, but for one of up to 1h that waits for late samples")
	}
	return vs.LabelMatchers, vs.OriginalOffset, nil
}

func selector(text string) (*parser.VectorSelector, error) {
	if strings.TrimSpace(text) == "" {
		return nil, whole("want a selector such as http_requests_total{job=\"shop\"}, have an empty text")
	}
	expr, err := promParser.ParseExpr(text)
	if err != nil {
		return nil, parseError(err)
	}
	vs, ok := unparen(expr).(*parser.VectorSelector)
	if !ok {
		return nil, whole("want a selector such as http_requests_total{job=\"shop\"}, without rate or sum: slowburn counts the increments itself")
	}
	return vs, nil
}

// plain says whether the selector selects the present.
func plain(vs *parser.VectorSelector) bool {
	return vs.OriginalOffset == 0 && vs.OriginalOffsetExpr == nil && vs.Timestamp == nil && vs.StartOrEnd == 0
}

// waiting says whether the selector selects the present, or what was the present
// shortly before: for that long the query waits for late samples.
func waiting(vs *parser.VectorSelector) bool {
	now := *vs
	now.OriginalOffset = 0
	return plain(&now) && vs.OriginalOffset >= 0 && vs.OriginalOffset <= maxWait
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

// parseError is the parser's first error, which explains the rest.
func parseError(err error) error {
	var all parser.ParseErrors
	if !errors.As(err, &all) || len(all) == 0 {
		return whole("not PromQL: " + err.Error())
	}
	msg := "not PromQL: " + all[0].Err.Error()
	if strings.Contains(msg, "unknown function") {
		msg += ": Prometheus's are known here, MetricsQL's own are not"
	}
	return &Error{Offset: int(all[0].PositionRange.Start), Msg: msg}
}

// MetricName is the name the matchers ask for by equality, or "".
func MetricName(ms []*labels.Matcher) string {
	for _, m := range ms {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// WithName returns the matchers with another metric name.
func WithName(ms []*labels.Matcher, name string) []*labels.Matcher {
	out := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}
	for _, m := range ms {
		if m.Name != labels.MetricName {
			out = append(out, m)
		}
	}
	return out
}

// Without returns the matchers on other labels than name.
func Without(ms []*labels.Matcher, name string) []*labels.Matcher {
	return slices.DeleteFunc(slices.Clone(ms), func(m *labels.Matcher) bool { return m.Name == name })
}

// SameMatchers says whether two selectors are the same, whatever their order.
func SameMatchers(a, b []*labels.Matcher) bool {
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
