package openslo

import (
	"strconv"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// sli reads an objective's indicator: its own, or the SLO's.
func (r reader) sli(m *document.Mapping, h header) slo.SLI {
	own, ref := m.Get("indicator"), m.Get("indicatorRef")
	op, value, weight := m.Get("op"), m.Get("value"), m.Get("compositeWeight")
	if !own.IsZero() || !ref.IsZero() {
		at := own
		if at.IsZero() {
			at = ref
		}
		r.Finding(slo.LevelWarning, "composite", at.Problem("objectives with indicators of their own are not combined: each is an objective of its own, and compositeWeight is ignored"))
	} else {
		own, ref = h.indicator, h.indicatorRef
	}
	weight.Number()
	if alpha := m.Get("ratioMetrics"); !alpha.IsZero() {
		return r.ratio(alpha.Mapping())
	}
	var s document.Node
	switch {
	case !own.IsZero() && !ref.IsZero():
		ref.Errorf("\"indicator\" and \"indicatorRef\" are given: keep one")
		return slo.SLI{}
	case !own.IsZero():
		im := own.Mapping()
		if im.Get("metadata"); im.Has("spec") {
			s = im.Get("spec")
		} else {
			s = own // v1alpha has the metric here
		}
		im.Get("thresholdMetric")
		im.Done()
	case !ref.IsZero():
		res, ok := r.library.find("SLI", ref)
		if !ok {
			what, _ := r.library.missing("SLI", ref)
			ref.Errorf("%s", what)
			return slo.SLI{}
		}
		if s = res.spec; s.IsZero() {
			ref.Errorf("SLI %q says nothing: it has no spec", ref)
			return slo.SLI{}
		}
		r.Reader = r.On(res.Reader)
		sli := r.metrics(s, op, value)
		if len(sli.Terms) == 0 && sli.Query == nil {
			ref.Errorf("SLI %q, in %s, has errors", ref, res.File)
		}
		return sli
	default:
		m.Node().Errorf("the SLO has no indicator: give \"indicator\" or \"indicatorRef\"")
		return slo.SLI{}
	}
	return r.metrics(s, op, value)
}

// metrics reads exactly one of the two kinds of metric.
func (r reader) metrics(n, op, value document.Node) slo.SLI {
	m := n.Mapping()
	m.Get("description")
	m.Get("metadata")
	threshold, ratio := m.Get("thresholdMetric"), m.Get("ratioMetric")
	m.Done()
	switch {
	case !threshold.IsZero() && !ratio.IsZero():
		ratio.Errorf("an indicator has one metric: keep one of thresholdMetric, ratioMetric")
	case !threshold.IsZero():
		return r.threshold(threshold, op, value)
	case !ratio.IsZero():
		return r.ratio(ratio.Mapping())
	default:
		n.Errorf("the indicator is empty: want thresholdMetric or ratioMetric")
	}
	return slo.SLI{}
}

// ratio reads good or bad, and total; or a ratio that is ready made.
func (r reader) ratio(m *document.Mapping) slo.SLI {
	counterNode := m.Get("counter")
	counter := counterNode.IsZero() || counterNode.Bool()
	good, bad, total := m.Get("good"), m.Get("bad"), m.Get("total")
	raw, rawType := m.Get("raw"), m.Get("rawType")
	m.Get("incremental")
	m.Done()
	if !raw.IsZero() {
		return r.raw(raw, rawType)
	}
	switch {
	case !good.IsZero() && !bad.IsZero():
		bad.Errorf("\"good\" and \"bad\" are given: the other follows from total, keep one")
		return slo.SLI{}
	case good.IsZero() && bad.IsZero():
		m.Node().Errorf("which events are bad? Give \"good\" or \"bad\"")
		return slo.SLI{}
	case total.IsZero():
		m.Node().Errorf("\"total\" is missing")
		return slo.SLI{}
	}
	all := r.counted(total, counter)
	part, at := bad, bad
	if bad.IsZero() {
		part, at = good, good
	}
	q := r.counted(part, counter)
	if q == nil || all == nil {
		return slo.SLI{}
	}
	if q.Text == all.Text {
		at.Errorf("the two queries are the same: want all events in total, and a part of them here")
	}
	if bad.IsZero() {
		return r.Bound(at, bind.Good(q, all))
	}
	return r.Bound(at, bind.Events(q, all))
}

func (r reader) raw(n, kind document.Node) slo.SLI {
	text, at, ok := r.query(n)
	if !ok {
		return slo.SLI{}
	}
	q := r.assume(at, text, true)
	switch kind.String() {
	case "success":
		if q != nil {
			return r.Bound(at, bind.GoodRatio(q))
		}
	case "failure":
		if q != nil {
			return r.Bound(at, bind.Ratio(q))
		}
	default:
		if kind.IsZero() {
			kind = n
		}
		kind.Errorf("rawType: want success or failure, which says what the ratio is of")
	}
	return slo.SLI{}
}

// counted reads a query for events in whatever dialect it is written.
func (r reader) counted(n document.Node, counter bool) *bind.Query {
	text, at, ok := r.query(n)
	if !ok {
		return nil
	}
	return r.assume(at, text, counter)
}

// assume makes a query over any range of a text, and says what it took for granted.
func (r reader) assume(at document.Node, text string, counter bool) *bind.Query {
	q, assumed, err := bind.Assume(text, counter)
	if err != nil {
		r.Wrong(at, err)
		return nil
	}
	for _, what := range assumed {
		r.Finding(slo.LevelInfo, "assumed", at.Problem("%s", what))
	}
	return q
}

// promql are the types of data sources that speak PromQL.
var promql = []string{"prometheus", "promql", "thanos", "mimir", "cortex", "victoriametrics", "amazonprometheus", "grafana-mimir"}

// query finds the PromQL text of a metric.
func (r reader) query(n document.Node) (text string, at document.Node, ok bool) {
	m := n.Mapping()
	before := len(r.Doc.Problems())
	source, kind := m.Get("metricSource"), m.Get("source")
	query := m.Get("query")
	m.Get("queryType")
	m.Done()
	if !source.IsZero() {
		sm := source.Mapping()
		ref := sm.Get("metricSourceRef")
		kind = sm.Get("type")
		if query = sm.Get("spec"); !query.IsText() {
			s := query.Mapping()
			query = s.Get("query", "promql", "queryString", "expr")
			s.Rest()
		}
		sm.Done()
		if kind.IsZero() && !ref.IsZero() {
			if res, found := r.library.find("DataSource", ref); found {
				kind = res.spec.Mapping().Get("type")
			} else {
				what, _ := r.library.missing("DataSource", ref)
				r.Finding(slo.LevelInfo, "assumed", ref.Problem("%s; its query is taken for PromQL", what))
			}
		}
	}
	if kind.String() != "" && !speaksPromQL(kind.String()) {
		kind.Errorf("data source of type %s: slowburn counts from Prometheus's series only", kind)
	}
	if query.IsZero() {
		n.Errorf("there is no query: want metricSource.spec.query with PromQL")
	}
	text, ok = query.Text()
	return text, query, ok && len(r.Doc.Problems()) == before
}

func speaksPromQL(kind string) bool {
	kind = strings.ToLower(strings.ReplaceAll(kind, " ", ""))
	for _, p := range promql {
		if kind == p {
			return true
		}
	}
	return false
}

// opposite operators: a slice is bad when the objective's does not hold.
var opposite = map[string]slo.CompareOp{"lte": ">", "lt": ">=", "gte": "<", "gt": "<="}

// threshold reads a metric that is good while it compares with a value.
func (r reader) threshold(n, opNode, valueNode document.Node) slo.SLI {
	op, known := opposite[opNode.String()]
	value, _, number := valueNode.Number()
	switch {
	case opNode.IsZero() || valueNode.IsZero():
		n.Errorf("a thresholdMetric needs the objective's \"op\" and \"value\"")
		return slo.SLI{}
	case !known:
		opNode.Errorf("op %q: want lte, lt, gte or gt", opNode)
		return slo.SLI{}
	case !number:
		return slo.SLI{}
	}
	text, at, ok := r.query(n)
	if !ok {
		return slo.SLI{}
	}
	if ms, err := bind.Selector(text); err == nil {
		r.Finding(slo.LevelInfo, "assumed", at.Problem("every scrape of the metric is a time slice, good while it is %s %s", opNode, valueNode))
		return slo.SLI{Births: slo.BirthsAuto, Terms: []slo.Term{
			{Matchers: ms, Kind: slo.GaugeSlices, Total: 1},
			{Matchers: ms, Kind: slo.GaugeSlices, Op: op, Threshold: value, Bad: 1},
		}}
	}
	if strings.Contains(text, slo.WindowPlaceholder) {
		at.Errorf("a thresholdMetric is evaluated at instants: it has no %s", slo.WindowPlaceholder)
		return slo.SLI{}
	}
	q, err := bind.Parse("avg_over_time(((" + bind.Uncommented(text) + ") " + string(op) + " bool " + strconv.FormatFloat(value, 'g', -1, 64) + ")[" + slo.WindowPlaceholder + ":1m])")
	if err != nil {
		at.Errorf("not PromQL: %v", err)
		return slo.SLI{}
	}
	return r.Bound(at, bind.Ratio(q))
}
