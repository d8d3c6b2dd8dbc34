package bind

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// Many queries are sums of counters in disguise. A linear is such a sum: terms
// with a factor each, counted per group. What PromQL does about missing series
// and division by zero (or vector(0), clamp_min, > 0) does not matter to counts
// and is looked through.
type linear struct {
	terms []slo.Term // weight in Bad
	// by are the groups; summed is false while the series stand side by side, as
	// they do inside a sum.
	by     []string
	summed bool
	// unit tells what one is: rates and increases cannot be added to each other.
	unit unit
	// constant is the value of a sum without terms.
	constant float64
	// offset is how long the query waits for late samples.
	offset time.Duration
	// made are the labels that label_replace and label_join put on.
	made []string
}

// unit is what a linear counts.
type unit string

const (
	perSecond  unit = "rate"
	increases  unit = "increase"
	timeSlices unit = "time slices"
	averages   unit = "average"
	instants   unit = "instant"
)

// isConstant says whether the sum is a plain number.
func (l linear) isConstant() bool { return len(l.terms) == 0 }

// isZero says whether the sum is 0 whatever the series are.
func (l linear) isZero() bool {
	for _, t := range l.terms {
		if t.Bad != 0 {
			return false
		}
	}
	return l.constant == 0
}

func (l linear) scale(f float64) linear {
	out := l
	out.terms = slices.Clone(l.terms)
	for i := range out.terms {
		out.terms[i].Bad *= f
	}
	out.constant *= f
	return out
}

// add adds up two sums that count the same things into the same groups.
func (l linear) add(m linear) (linear, error) {
	switch {
	case l.isConstant() && l.constant == 0:
		return m, nil
	case m.isConstant() && m.constant == 0:
		return l, nil
	case l.isConstant() && m.isConstant():
		return linear{constant: l.constant + m.constant}, nil
	case l.isConstant() || m.isConstant():
		return linear{}, errors.New("it adds a number to a count of events")
	}
	if err := sameKind(l, m); err != nil {
		return linear{}, err
	}
	out := l
	out.terms = slices.Concat(l.terms, m.terms)
	out.made = slices.Concat(l.made, m.made)
	return out, nil
}

// sameKind says why two sums cannot be joined by + - or /.
func sameKind(l, m linear) error {
	switch {
	case l.unit != m.unit:
		return fmt.Errorf("it mixes %s with %s", l.unit, m.unit)
	case l.summed != m.summed:
		return errors.New("it joins a sum with single series")
	case !slices.Equal(l.by, m.by):
		return fmt.Errorf("it joins sums by (%s) with sums by (%s)", strings.Join(l.by, ", "), strings.Join(m.by, ", "))
	case l.offset != m.offset:
		return errors.New("it looks at another time, with offset or @")
	}
	return nil
}

// linearOf recognises a sum; the error is the reason why it is none.
func linearOf(e parser.Expr) (linear, error) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return linearOf(e.Expr)
	case *parser.NumberLiteral:
		return linear{constant: e.Val}, nil
	case *parser.UnaryExpr:
		l, err := linearOf(e.Expr)
		if e.Op == parser.SUB {
			l = l.scale(-1)
		}
		return l, err
	case *parser.AggregateExpr:
		return linearAggregate(e)
	case *parser.Call:
		return linearCall(e)
	case *parser.BinaryExpr:
		return linearBinary(e)
	case *parser.VectorSelector:
		return linear{}, fmt.Errorf("%s is taken as it is, without rate or increase", metricOr(e))
	}
	return linear{}, fmt.Errorf("it uses %s", strings.TrimPrefix(fmt.Sprintf("%T", e), "*parser."))
}

func metricOr(vs *parser.VectorSelector) string {
	if vs.Name != "" {
		return vs.Name
	}
	return "a selector"
}

func linearAggregate(e *parser.AggregateExpr) (linear, error) {
	if e.Op != parser.SUM {
		return linear{}, fmt.Errorf("%s is no sum", e.Op)
	}
	l, err := linearOf(e.Expr)
	if err != nil {
		return linear{}, err
	}
	return l.sum(e)
}

// sum groups the series that stand side by side.
func (l linear) sum(e *parser.AggregateExpr) (linear, error) {
	by := sortedSet(e.Grouping)
	if !slices.ContainsFunc(l.terms, func(t slo.Term) bool { return t.Kind != slo.BucketBelow }) {
		// One bucket has one `le`.
		by = sortedSet(slices.DeleteFunc(by, func(name string) bool { return name == labels.BucketLabel }))
	}
	switch {
	case e.Without && l.summed:
		by = slices.DeleteFunc(slices.Clone(l.by), func(name string) bool { return slices.Contains(by, name) })
		if len(by) == 0 {
			by = nil
		}
	case e.Without:
		return l, nil // what is left has labels that only the series know: side by side as before
	case slices.ContainsFunc(by, func(name string) bool { return slices.Contains(l.made, name) }):
		return linear{}, errors.New("it sums by a label that label_replace or label_join makes")
	case l.isConstant():
		return l, nil
	case l.summed:
		for _, name := range by {
			if !slices.Contains(l.by, name) {
				return linear{}, fmt.Errorf("it sums by %s what has lost that label", name)
			}
		}
	}
	l.by, l.summed, l.made = by, true, nil
	return l, nil
}

func linearCall(e *parser.Call) (linear, error) {
	switch e.Func.Name {
	case "rate", "increase", "irate":
		// irate is a rate too, if a jumpy one: what it looks at are the same counts.
		vs, err := rangeSelector(e.Args[0])
		if err != nil {
			return linear{}, err
		}
		u := perSecond
		if e.Func.Name == "increase" {
			u = increases
		}
		return linear{terms: []slo.Term{Counter(vs.LabelMatchers)}, unit: u, offset: vs.OriginalOffset}, nil
	case "label_replace", "label_join":
		l, err := linearOf(e.Args[0])
		if dst, ok := e.Args[1].(*parser.StringLiteral); ok {
			l.made = append(slices.Clone(l.made), dst.Val)
		}
		return l, err
	case "clamp_min":
		// A floor under a rate only guards a division.
		return linearOf(e.Args[0])
	case "vector":
		l, err := linearOf(e.Args[0])
		if err == nil && !l.isConstant() {
			err = errors.New("it uses vector()")
		}
		return l, err
	case "scalar":
		// A scalar is one number for all groups, so it counts only where there are none.
		l, err := linearOf(e.Args[0])
		if err == nil && (len(l.by) > 0 || !l.isConstant() && !l.summed) {
			err = errors.New("it uses scalar() of several series")
		}
		return l, err
	case "histogram_count":
		l, err := linearOf(e.Args[0])
		if err != nil {
			return linear{}, err
		}
		return l.histogram(slo.HistogramCount, 0)
	case "count_over_time", "sum_over_time", "avg_over_time":
		return sliceCall(e)
	}
	return linear{}, fmt.Errorf("it uses %s()", e.Func.Name)
}

func linearBinary(e *parser.BinaryExpr) (linear, error) {
	if l, ok, err := portion(e); ok {
		return l, err
	}
	l, err := linearOf(e.LHS)
	if err != nil {
		return linear{}, err
	}
	r, err := linearOf(e.RHS)
	if err != nil {
		return linear{}, err
	}
	if vm := e.VectorMatching; vm != nil && (len(vm.Include) > 0 || vm.FillValues.LHS != nil || vm.FillValues.RHS != nil) {
		return linear{}, errors.New("it copies labels with group_left or group_right")
	}
	switch e.Op {
	case parser.ADD:
		return l.add(r)
	case parser.SUB:
		return l.add(r.scale(-1))
	case parser.MUL:
		switch {
		case r.isConstant():
			return l.scale(r.constant), nil
		case l.isConstant():
			return r.scale(l.constant), nil
		}
		return linear{}, errors.New("it multiplies series by series")
	case parser.DIV:
		if r.isConstant() && r.constant != 0 {
			return l.scale(1 / r.constant), nil
		}
		return linear{}, errors.New("it divides series by series within a sum")
	case parser.LOR:
		// `or vector(0)`, `or vector(1)` under a division, `or 0 * sum(…)`.
		if r.isConstant() || r.isZero() {
			return l, nil
		}
		return linear{}, errors.New("`or` takes other series where some are missing")
	case parser.GTR, parser.GTE, parser.NEQ:
		if r.isZero() && !e.ReturnBool {
			return l, nil
		}
	}
	return linear{}, fmt.Errorf("it uses %s", e.Op)
}

// maxWait is the longest offset that is a wait for late samples rather than a look
// at another time.
const maxWait = time.Hour

// rangeSelector is a plain selector over the whole window, but for a wait.
func rangeSelector(e parser.Expr) (*parser.VectorSelector, error) {
	ms, ok := unparen(e).(*parser.MatrixSelector)
	if !ok {
		return nil, errors.New("it takes the rate of a subquery")
	}
	if ms.RangeExpr != nil || ms.Range != probeWindow {
		return nil, errors.New("its range is not {{.window}} alone")
	}
	vs := ms.VectorSelector.(*parser.VectorSelector)
	if !waiting(vs) || vs.Anchored || vs.Smoothed {
		return nil, errors.New("it looks at another time, with offset or @")
	}
	return vs, nil
}

// Counter is a counter's term, which counts as one bad event. A bucket asked for by its `le` is found by its
// number, so that "0.3" and "0.30" are the same.
func Counter(ms []*labels.Matcher) slo.Term {
	t := slo.Term{Matchers: ms, Bad: 1}
	for _, m := range ms {
		if m.Name != labels.BucketLabel || m.Type != labels.MatchEqual {
			continue
		}
		if le, err := strconv.ParseFloat(m.Value, 64); err == nil && !math.IsNaN(le) {
			t.Kind, t.Threshold, t.Matchers = slo.BucketBelow, le, Without(ms, labels.BucketLabel)
		}
	}
	return t
}

func sortedSet(names []string) []string {
	out := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(out) == 0 {
		return nil
	}
	return out
}
