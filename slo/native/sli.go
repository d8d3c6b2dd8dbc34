package native

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// sli reads a native SLI: exactly one of its kinds.
func (r reader) sli(n document.Node, service string, l line) slo.SLI {
	m := n.Mapping()
	kinds := []struct {
		name string
		node document.Node
		read func(*document.Mapping) slo.SLI
	}{
		{"events", m.Get("events"), r.events},
		{"latency", m.Get("latency"), func(m *document.Mapping) slo.SLI { return r.latency(m, l) }},
		{"probe", m.Get("probe"), r.probe},
		{"slices", m.Get("slices"), func(m *document.Mapping) slo.SLI { return r.slices(m, l) }},
		{"query", m.Get("query"), r.query},
	}
	composite := m.Get("composite")
	m.Done()
	var sli slo.SLI
	have := ""
	for _, k := range kinds {
		switch {
		case k.node.IsZero():
		case have != "":
			k.node.Errorf("an SLI is of one kind: it has %q and %q", have, k.name)
		default:
			have = k.name
			km := k.node.Mapping()
			sli = k.read(km)
			km.Done()
		}
	}
	switch {
	case composite.IsZero():
	case have != "":
		composite.Errorf("an SLI is of one kind: it has %q and \"composite\"", have)
	default:
		return r.composite(composite, service)
	}
	if have == "" && !n.IsZero() && len(m.Entries()) == 0 {
		n.Errorf("the SLI is empty: want one of events, latency, probe, slices, query, composite")
	}
	if sli.Births == "" {
		sli.Births = slo.BirthsAuto
	}
	return sli
}

// events reads bad or good, and total: each a selector of counters, or several
// that are summed.
func (r reader) events(m *document.Mapping) slo.SLI {
	bad, good, total := m.Get("bad"), m.Get("good"), m.Require("total")
	var sli slo.SLI
	add := func(n document.Node, badWeight, totalWeight float64) {
		selectors := n.OneOrMore()
		if len(selectors) == 0 && !n.IsZero() {
			n.Errorf("the list is empty: want a selector such as http_requests_total{job=\"shop\"}")
		}
		for _, v := range selectors {
			if ms := r.Selector(v); ms != nil {
				sli.Terms = append(sli.Terms, slo.Term{Matchers: ms, Bad: badWeight, Total: totalWeight})
			}
		}
	}
	switch {
	case !bad.IsZero() && !good.IsZero():
		good.Errorf("\"bad\" and \"good\" are given: the other follows from total, keep one")
	case bad.IsZero() && good.IsZero():
		m.Node().Errorf("which events are bad? Give \"bad\" or \"good\"")
	case !bad.IsZero():
		add(bad, 1, 0)
		add(total, 0, 1)
	default:
		add(total, 1, 1)
		add(good, -1, 0)
	}
	sli.Births = r.births(m.Get("births"))
	return sli
}

func (r reader) births(n document.Node) slo.Births {
	switch b := slo.Births(n.String()); b {
	case "":
		return slo.BirthsAuto
	case slo.BirthsAuto, slo.BirthsZero, slo.BirthsSkip:
		return b
	default:
		n.Errorf("births %q: want %s, %s or %s", b, slo.BirthsAuto, slo.BirthsZero, slo.BirthsSkip)
		return slo.BirthsAuto
	}
}

// latency reads a histogram and the threshold up to which an event is good.
func (r reader) latency(m *document.Mapping, l line) slo.SLI {
	h := m.Require("histogram")
	native := m.Get("native").Bool()
	thresholdNode := l.threshold(m)
	sli := slo.SLI{Births: r.births(m.Get("births"))}
	ms := r.Selector(h)
	if ms == nil {
		return sli
	}
	name := bind.MetricName(ms)
	switch {
	case name == "":
		h.Errorf("a histogram needs its metric name, such as http_request_duration_seconds")
	case strings.HasSuffix(name, "_bucket"), strings.HasSuffix(name, "_count"), strings.HasSuffix(name, "_sum"):
		base := name[:strings.LastIndexByte(name, '_')]
		h.Errorf("want the histogram's own name, %s, not one of its series", base)
	case len(bind.Without(ms, labels.BucketLabel)) != len(ms):
		h.Errorf("the selector names \"le\": leave it to threshold")
	}
	threshold := r.threshold(thresholdNode, name)
	if native {
		sli.Terms = []slo.Term{
			{Matchers: ms, Kind: slo.HistogramCount, Bad: 1, Total: 1},
			{Matchers: ms, Kind: slo.HistogramBelow, Threshold: threshold, Bad: -1},
		}
		return sli
	}
	sli.Terms = []slo.Term{
		{Matchers: bind.WithName(ms, name+"_count"), Bad: 1, Total: 1},
		{Matchers: bind.WithName(ms, name+"_bucket"), Kind: slo.BucketBelow, Threshold: threshold, Bad: -1},
	}
	return sli
}

// threshold reads a duration ("300ms") in the unit the histogram's name tells, or
// a number in the histogram's own unit.
func (r reader) threshold(n document.Node, metric string) float64 {
	if n.IsZero() {
		return 0
	}
	text := strings.TrimSpace(n.String())
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		if v <= 0 || math.IsInf(v, 0) || v != v {
			n.Errorf("threshold %s: want more than 0", text)
		}
		return v
	}
	d, err := time.ParseDuration(text) // "2.5s", which Prometheus does not know
	if err != nil || d <= 0 {
		n.Errorf("threshold %q: want a duration such as 300ms, or a number in the histogram's unit", text)
		return 0
	}
	if strings.HasSuffix(metric, "_milliseconds") || strings.HasSuffix(metric, "_ms") {
		return float64(d.Microseconds()) / 1e3
	}
	return float64(d.Milliseconds()) / 1e3
}

var comparison = regexp.MustCompile(`^\s*(==|!=|<=|>=|<|>)\s*(\S+)\s*$`)

var negated = map[slo.CompareOp]slo.CompareOp{"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

// probe reads a gauge and when its value is good; time slices are the events.
func (r reader) probe(m *document.Mapping) slo.SLI {
	ms := r.Selector(m.Require("metric"))
	good := m.Get("good")
	op, threshold := slo.CompareOp("=="), 1.0
	if !good.IsZero() {
		parts := comparison.FindStringSubmatch(good.String())
		var err error
		if parts != nil {
			op = slo.CompareOp(parts[1])
			threshold, err = strconv.ParseFloat(parts[2], 64)
		}
		if parts == nil || err != nil || threshold != threshold {
			good.Errorf("good %q: want a comparison with a number, such as \"== 1\" or \"< 0.5\"", good)
		}
	}
	if ms == nil {
		return slo.SLI{}
	}
	return slo.SLI{Terms: []slo.Term{
		{Matchers: ms, Kind: slo.GaugeSlices, Total: 1},
		{Matchers: ms, Kind: slo.GaugeSlices, Op: negated[op], Threshold: threshold, Bad: 1},
	}}
}

// query reads PromQL, bound natively where it is a sum of counters, histograms or
// gauges in disguise.
func (r reader) query(m *document.Mapping) slo.SLI {
	ratio, bad := m.Get("error_ratio"), m.Get("bad")
	if ratio.IsZero() && bad.IsZero() {
		m.Node().Errorf("want \"error_ratio\", or \"bad\" and \"total\"")
		return slo.SLI{}
	}
	if !ratio.IsZero() {
		if !bad.IsZero() {
			bad.Errorf("\"error_ratio\" and \"bad\" are given: keep one")
		}
		return r.RatioQuery(ratio)
	}
	return r.EventQueries(bad, m.Require("total"))
}
