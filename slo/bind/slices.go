package bind

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// sliceCall recognises *_over_time of a gauge: how many time slices there were,
// in how many a comparison held, or which share of them; or else of rates.
func sliceCall(e *parser.Call) (linear, error) {
	fn := e.Func.Name
	if sq, ok := unparen(e.Args[0]).(*parser.SubqueryExpr); ok && fn != "count_over_time" && wholeWindow(sq) {
		if l, ok := steppedRates(sq); ok {
			l.unit += unit(" by " + fn)
			return l, nil
		}
	}
	var l linear
	var boolean bool
	switch arg := unparen(e.Args[0]).(type) {
	case *parser.MatrixSelector:
		vs, err := rangeSelector(arg)
		if err != nil {
			return linear{}, err
		}
		l, boolean = gauge(vs), isBoolean(vs.LabelMatchers)
		l.unit = timeSlices
	case *parser.SubqueryExpr:
		if !wholeWindow(arg) {
			return linear{}, errors.New("its subquery is not over {{.window}} alone")
		}
		var err error
		if l, boolean, err = instant(arg.Expr); err != nil {
			return linear{}, err
		}
		// Steps of different length must not be compared with each other.
		l.unit = timeSlices + unit(" of "+stepText(arg))
	default:
		return linear{}, fmt.Errorf("%s() is not over a selector or subquery", fn)
	}
	if fn == "count_over_time" {
		if l.summed {
			return linear{}, errors.New("it counts the results of an aggregation, not series")
		}
		if boolean { // the number of steps, whatever the value
			for i := range l.terms {
				l.terms[i].Op, l.terms[i].Threshold = "", 0
			}
		}
		return l, nil
	}
	if !boolean {
		return linear{}, errors.New("it averages the values of a gauge, which are not known to be 0 or 1")
	}
	if fn == "avg_over_time" {
		l.unit = averages
	}
	return l, nil
}

// gauge counts every slice of a gauge's series, or those in which it is 1 if it
// is known for being 0 or 1.
func gauge(vs *parser.VectorSelector) linear {
	t := slo.Term{Matchers: vs.LabelMatchers, Kind: slo.GaugeSlices, Bad: 1}
	if isBoolean(vs.LabelMatchers) {
		t.Op, t.Threshold = "==", 1
	}
	return linear{terms: []slo.Term{t}}
}

// instant recognises what a subquery evaluates at each step: a gauge, a
// comparison of it with a number, or how many series a comparison leaves. boolean
// says that the value is 0 or 1 per series, or a count of such.
func instant(e parser.Expr) (l linear, boolean bool, err error) {
	switch e := unparen(e).(type) {
	case *parser.VectorSelector:
		if !plain(e) {
			return linear{}, false, errors.New("it looks at another time, with offset or @")
		}
		return gauge(e), isBoolean(e.LabelMatchers), nil
	case *parser.BinaryExpr:
		vs, ok := unparen(e.LHS).(*parser.VectorSelector)
		c, err := linearOf(e.RHS)
		if !ok || err != nil || !c.isConstant() || !plain(vs) || !e.Op.IsComparisonOperator() {
			return linear{}, false, fmt.Errorf("its subquery uses %s other than to compare a gauge with a number", e.Op)
		}
		t := slo.Term{Matchers: vs.LabelMatchers, Kind: slo.GaugeSlices, Op: slo.CompareOp(e.Op.String()), Threshold: c.constant, Bad: 1}
		return linear{terms: []slo.Term{t}}, e.ReturnBool, nil
	case *parser.AggregateExpr:
		l, boolean, err := instant(e.Expr)
		if err != nil {
			return linear{}, false, err
		}
		switch {
		case e.Without:
			return linear{}, false, errors.New("its subquery counts groups with labels that only the series know")
		case e.Op == parser.SUM && boolean:
		case e.Op == parser.COUNT && !l.summed:
			if boolean { // count() counts series, whatever their value
				for i := range l.terms {
					l.terms[i].Op, l.terms[i].Threshold = "", 0
				}
			}
		default:
			return linear{}, false, fmt.Errorf("its subquery uses %s", e.Op)
		}
		l, err = l.sum(e)
		return l, true, err
	}
	return linear{}, false, errors.New("its subquery neither compares a gauge with a number nor sums rates that no step leaves out")
}

// booleans are how the names of gauges end that are 0 or 1 by convention.
var booleans = []string{"_up", "_success", "_healthy", "_ready", "_alive", "_online", "_reachable", "_available", "_status_condition"}

// counted are what gauges of such names count instead, as kube_deployment_status_replicas_ready
// and envoy_cluster_membership_healthy do.
var counted = regexp.MustCompile(`(^|_)(number|num|count|members?|membership|replicas|nodes|hosts|servers|slaves|backends|instances|pods|containers|workers|targets|endpoints|shards|brokers|devices|tasks)_[a-z]+$`)

func isBoolean(ms []*labels.Matcher) bool {
	name := MetricName(ms)
	return name == "up" || !counted.MatchString(name) && slices.ContainsFunc(booleans, func(s string) bool { return strings.HasSuffix(name, s) })
}

// single says whether the matchers pin one target, so that a query without an
// aggregation yields one series.
func single(ms []*labels.Matcher) bool {
	return slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
		return m.Type == labels.MatchEqual && (m.Name == "instance" || m.Name == "target") && m.Value != ""
	})
}
