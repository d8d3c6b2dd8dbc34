package bind

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// wholeWindow says whether a subquery is over the window, and no other time.
func wholeWindow(sq *parser.SubqueryExpr) bool {
	return sq.RangeExpr == nil && sq.Range == probeWindow && sq.OriginalOffset == 0 && sq.OriginalOffsetExpr == nil && sq.Timestamp == nil && sq.StartOrEnd == 0
}

func stepText(sq *parser.SubqueryExpr) string {
	if sq.Step == 0 {
		return "the default step"
	}
	return slo.FormatDuration(sq.Step)
}

// steppedRates recognises a sum of rates that a subquery takes at every step. Each
// event is in as many of them as steps fit into their range, so that sums over the same
// range and step are to each other as their events are. With steps longer than the range
// events fall between them.
func steppedRates(sq *parser.SubqueryExpr) (linear, bool) {
	inner, err := promParser.ParseExpr(sq.Expr.String()) // a copy to change
	if err != nil {
		return linear{}, false
	}
	ranges := map[time.Duration]bool{}
	nested := false
	parser.Inspect(inner, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			ranges[n.Range] = true
			n.Range = probeWindow
		case *parser.SubqueryExpr:
			nested = true
		}
		return nil
	})
	if nested {
		return linear{}, false
	}
	l, err := linearOf(inner)
	if err != nil || len(ranges) != 1 || l.unit != perSecond && l.unit != increases {
		return linear{}, false
	}
	for r := range ranges {
		l.unit += unit(fmt.Sprintf(" over %s every %s", slo.FormatDuration(r), stepText(sq)))
		return l, r >= sq.Step
	}
	return linear{}, false
}
