package bind

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// share is part of total, both sums of counts. merged says that the query sums
// nothing, so that each series has a share of its own, and here they have one.
type share struct {
	part, total linear
	merged      bool
}

// eventShare recognises a query for bad and one for all events.
func eventShare(bad, total parser.Expr) (share, error) {
	b, err := linearOf(bad)
	if err != nil {
		return share{}, err
	}
	t, err := linearOf(total)
	if err != nil {
		return share{}, err
	}
	return divide(b, t)
}

// divide joins part and total, which must count the same things.
func divide(part, total linear) (share, error) {
	if part.isConstant() || total.isConstant() {
		return share{}, errors.New("it divides by or into a plain number")
	}
	// sum(avg_over_time(up[w])) / count(up): shares of slices over series.
	if part.unit == averages && total.unit == instants {
		total.unit = averages
	}
	if err := sameKind(part, total); err != nil {
		return share{}, err
	}
	return share{part, total, !total.summed && !pinned(part, total)}, nil
}

// pinned says whether series that stand side by side are one by their matchers.
func pinned(ls ...linear) bool {
	for _, l := range ls {
		for _, t := range l.terms {
			if t.Kind != slo.GaugeSlices || !single(t.Matchers) {
				return false
			}
		}
	}
	return true
}

// ratioShare recognises a query for a share of events. good is the ratio at which
// nothing is bad, 0, or 1 inside "1 − …": what the query falls back to without
// data must be that, or missing data would count as bad events.
func ratioShare(e parser.Expr, good float64) (share, error) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return ratioShare(e.Expr, good)
	case *parser.BinaryExpr:
		return ratioBinary(e, good)
	case *parser.Call:
		return ratioCall(e, good)
	case *parser.AggregateExpr:
		if e.Op == parser.AVG {
			if c, ok := unparen(e.Expr).(*parser.Call); ok && c.Func.Name == "avg_over_time" {
				return averageShare(c, e)
			}
		}
		if _, err := linearOf(e); err == nil {
			return share{}, errors.New("it counts events, and is no share of any: divide it by the count of all")
		}
		return share{}, fmt.Errorf("%s of ratios is no ratio of counts", e.Op)
	}
	return share{}, errors.New("it is no ratio a / b or 1 − a / b of counts")
}

// guards says whether an expression compares a sum with 0: what follows `and` or
// `unless` then only guards a division.
func guards(e parser.Expr, ops ...parser.ItemType) bool {
	guard, ok := unparen(e).(*parser.BinaryExpr)
	if !ok || !slices.Contains(ops, guard.Op) || guard.ReturnBool {
		return false
	}
	_, err1 := linearOf(guard.LHS)
	zero, err2 := linearOf(guard.RHS)
	return err1 == nil && err2 == nil && zero.isZero()
}

func ratioBinary(e *parser.BinaryExpr, good float64) (share, error) {
	if vm := e.VectorMatching; vm != nil && len(vm.Include) > 0 {
		return share{}, errors.New("it copies labels with group_left or group_right")
	}
	switch e.Op {
	case parser.DIV:
		if c, err := linearOf(e.RHS); err == nil && c.isConstant() && c.constant != 0 {
			return scaled(e.LHS, 1/c.constant)
		}
		part, err := linearOf(e.LHS)
		if err != nil {
			return share{}, err
		}
		total, err := denominator(e.RHS)
		if err != nil {
			return share{}, err
		}
		return divide(part, total)
	case parser.SUB:
		one, err := linearOf(e.LHS)
		if err != nil || !one.isConstant() || one.constant != 1 {
			return share{}, errors.New("it subtracts a ratio from something other than 1")
		}
		s, err := ratioShare(e.RHS, 1-good)
		if err != nil {
			return share{}, err
		}
		return s.rest()
	case parser.LAND:
		if guards(e.RHS, parser.GTR, parser.NEQ) {
			return ratioShare(e.LHS, good)
		}
	case parser.LUNLESS:
		if guards(e.RHS, parser.EQLC, parser.LTE) {
			return ratioShare(e.LHS, good)
		}
	case parser.MUL:
		if c, err := linearOf(e.LHS); err == nil && c.isConstant() {
			return scaled(e.RHS, c.constant)
		}
		if c, err := linearOf(e.RHS); err == nil && c.isConstant() {
			return scaled(e.LHS, c.constant)
		}
	case parser.LOR:
		fallback, err := linearOf(e.RHS)
		if err != nil || !fallback.isZero() && !fallback.isConstant() {
			return share{}, errors.New("`or` takes another ratio where one is missing")
		}
		if fallback.constant != good {
			return share{}, errors.New("`or vector(…)` counts missing data as bad events")
		}
		return ratioShare(e.LHS, good)
	case parser.GTR, parser.GTE:
		if zero, err := linearOf(e.RHS); err == nil && zero.isZero() && !e.ReturnBool {
			return ratioShare(e.LHS, good)
		}
	}
	return share{}, fmt.Errorf("it joins ratios with %s", e.Op)
}

// scaled is a ratio times a number, such as the 100 that makes percent of it.
func scaled(e parser.Expr, factor float64) (share, error) {
	s, err := ratioShare(e, 0)
	s.part = s.part.scale(factor)
	return s, err
}

// rest is the share of what is not part of the part.
func (s share) rest() (share, error) {
	part, err := s.total.add(s.part.scale(-1))
	s.part = part
	return s, err
}

// denominator is a sum, or count(gauge) under a sum of averages.
func denominator(e parser.Expr) (linear, error) {
	if a, ok := unparen(e).(*parser.AggregateExpr); ok && a.Op == parser.COUNT {
		if vs, ok := unparen(a.Expr).(*parser.VectorSelector); ok && plain(vs) {
			l := linear{terms: []slo.Term{{Matchers: vs.LabelMatchers, Kind: slo.GaugeSlices, Bad: 1}}, unit: instants}
			return l.sum(a)
		}
	}
	return linearOf(e)
}

func ratioCall(e *parser.Call, good float64) (share, error) {
	switch e.Func.Name {
	case "clamp_min", "clamp_max", "clamp":
		// Within 0 and 1 a bound changes nothing.
		for i, arg := range e.Args[1:] {
			low := e.Func.Name == "clamp_min" || e.Func.Name == "clamp" && i == 0
			c, err := linearOf(arg)
			if err != nil || !c.isConstant() || low && c.constant > 0 || !low && c.constant < 1 {
				return share{}, fmt.Errorf("%s() changes the ratio", e.Func.Name)
			}
		}
		return ratioShare(e.Args[0], good)
	case "avg_over_time":
		return averageShare(e, nil)
	case "histogram_fraction":
		return fractionShare(e)
	}
	return share{}, fmt.Errorf("it uses %s()", e.Func.Name)
}

// averageShare is avg_over_time of a gauge that is 0 or 1: the share of slices in
// which it is 1.
func averageShare(c *parser.Call, avg *parser.AggregateExpr) (share, error) {
	part, err := sliceCall(c)
	if err != nil {
		return share{}, err
	}
	total := part
	total.terms = slices.Clone(part.terms)
	for i := range total.terms {
		total.terms[i].Op, total.terms[i].Threshold = "", 0
	}
	if avg != nil {
		if part, err = part.sum(avg); err != nil {
			return share{}, err
		}
		if total, err = total.sum(avg); err != nil {
			return share{}, err
		}
	}
	return divide(part, total)
}

// terms are the SLI's terms: like ones added up, those that count nothing left
// out. nil if nothing is left to count.
func (s share) terms() []slo.Term {
	var out []slo.Term
	add := func(ts []slo.Term, weigh func(t *slo.Term, w float64)) {
		for _, t := range ts {
			w := t.Bad
			t.Bad = 0
			i := slices.IndexFunc(out, func(u slo.Term) bool { return sameEvents(t, u) })
			if i < 0 {
				i, out = len(out), append(out, t)
			}
			weigh(&out[i], w)
		}
	}
	add(s.part.terms, func(t *slo.Term, w float64) { t.Bad += w })
	add(s.total.terms, func(t *slo.Term, w float64) { t.Total += w })
	out = slices.DeleteFunc(out, func(t slo.Term) bool { return t.Bad == 0 && t.Total == 0 })
	bad := slices.ContainsFunc(out, func(t slo.Term) bool { return t.Bad != 0 })
	total := slices.ContainsFunc(out, func(t slo.Term) bool { return t.Total > 0 })
	if !bad || !total {
		return nil
	}
	// Total first, as people think of it.
	slices.SortStableFunc(out, func(a, b slo.Term) int { return cmp.Compare(b.Total, a.Total) })
	return out
}

// sameEvents says whether two terms count the same events, whatever their weights.
func sameEvents(t, u slo.Term) bool {
	return t.Kind == u.Kind && t.Threshold == u.Threshold && t.Op == u.Op && SameMatchers(t.Matchers, u.Matchers)
}
