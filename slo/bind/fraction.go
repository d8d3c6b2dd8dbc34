package bind

import (
	"errors"
	"math"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// fractionShare is histogram_fraction(lower, upper, …) of a native histogram.
func fractionShare(e *parser.Call) (share, error) {
	lower, err1 := linearOf(e.Args[0])
	upper, err2 := linearOf(e.Args[1])
	if err1 != nil || err2 != nil || !lower.isConstant() || !upper.isConstant() {
		return share{}, errors.New("the bounds of histogram_fraction() are not plain numbers")
	}
	l, err := linearOf(e.Args[2])
	if err != nil {
		return share{}, err
	}
	total, err := l.histogram(slo.HistogramCount, 0)
	if err != nil {
		return share{}, err
	}
	part, err := l.upTo(upper.constant)
	if err != nil {
		return share{}, err
	}
	// Latencies are above 0, so that a fraction from 0 on is one from -Inf on.
	if lower.constant != 0 && !math.IsInf(lower.constant, -1) {
		below, err := l.upTo(lower.constant)
		if err != nil {
			return share{}, err
		}
		if part, err = part.add(below.scale(-1)); err != nil {
			return share{}, err
		}
	}
	return divide(part, total)
}

// upTo are the observations of native histograms up to a bound.
func (l linear) upTo(bound float64) (linear, error) {
	if math.IsInf(bound, 1) {
		return l.histogram(slo.HistogramCount, 0)
	}
	return l.histogram(slo.HistogramBelow, bound)
}

// histogram turns sums of what were taken for counters into observations of
// native histograms.
func (l linear) histogram(kind slo.TermKind, threshold float64) (linear, error) {
	out := l
	out.terms = slices.Clone(l.terms)
	for i := range out.terms {
		if out.terms[i].Kind != slo.Counter {
			return linear{}, errors.New("it asks a histogram function about something else")
		}
		out.terms[i].Kind, out.terms[i].Threshold = kind, threshold
	}
	return out, nil
}

// portion recognises a share of a native histogram's observations times all of them;
// ok is false if there is no such share.
func portion(e *parser.BinaryExpr) (l linear, ok bool, err error) {
	if e.Op != parser.MUL {
		return linear{}, false, nil
	}
	for _, sides := range [][2]parser.Expr{{e.LHS, e.RHS}, {e.RHS, e.LHS}} {
		if !fractional(sides[0]) {
			continue
		}
		s, err := ratioShare(sides[0], 0)
		if err != nil {
			return linear{}, true, err
		}
		all, err := linearOf(sides[1])
		switch {
		case err != nil:
			return linear{}, true, err
		case sameKind(s.total, all) != nil || !slices.EqualFunc(s.total.terms, all.terms, equalTerms):
			return linear{}, true, errors.New("it multiplies a share of events by other events")
		}
		return s.part, true, nil
	}
	return linear{}, false, nil
}

// fractional says whether an expression is histogram_fraction(…) or 1 − that.
func fractional(e parser.Expr) bool {
	if b, ok := unparen(e).(*parser.BinaryExpr); ok && b.Op == parser.SUB {
		e = b.RHS
	}
	c, ok := unparen(e).(*parser.Call)
	return ok && c.Func.Name == "histogram_fraction"
}

// equalTerms says whether two terms of sums are the same.
func equalTerms(t, u slo.Term) bool { return sameEvents(t, u) && t.Bad == u.Bad }
