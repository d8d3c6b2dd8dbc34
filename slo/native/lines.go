package native

import (
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// line is one of the objectives that an entry of `objectives` makes: a latency with
// several thresholds makes one each. The zero line is the only one.
type line struct {
	mapping         *document.Mapping // the threshold's own; nil: there is but one
	bound, ownShare document.Node
}

// lines reads an entry of `objectives` with f, once per threshold.
//
//	latency:
//	  histogram: http_request_duration_seconds{job="shop"}
//	  thresholds:
//	    - {threshold: 300ms, target: 95}
//	    - {threshold: 1s, target: 99.9}
//
// makes the objectives latency-300ms and latency-1s.
func (r reader) lines(n document.Node, f func(*document.Mapping, *slo.Objective, line)) {
	var several []document.Node
	r.Objective(n, func(m *document.Mapping, o *slo.Objective) {
		several = thresholds(m)
		if len(several) == 0 {
			f(m, o, line{})
			return
		}
		r.line(several[0], m, o, f)
	})
	for _, t := range several[min(1, len(several)):] {
		if len(r.Doc.Problems()) > 0 {
			return // said at the first already
		}
		r.Objective(n, func(m *document.Mapping, o *slo.Objective) { r.line(t, m, o, f) })
	}
}

// thresholds are the entries of a latency's list of them.
func thresholds(m *document.Mapping) []document.Node {
	sli := m.Get("sli").Mapping()
	if sli.Has("slices") {
		sli = sli.Get("slices").Mapping()
	}
	return sli.Get("latency").Mapping().Get("thresholds").List()
}

// line reads one threshold's objective: its name says which.
func (r reader) line(n document.Node, m *document.Mapping, o *slo.Objective, f func(*document.Mapping, *slo.Objective, line)) {
	t := n.Mapping()
	l := line{mapping: t, bound: t.Require("threshold"), ownShare: t.Get("target")}
	t.Done()
	o.Name += "-" + l.bound.String()
	f(m, o, l)
}

// target is the line's own, or the objective's.
func (l line) target(m *document.Mapping) document.Node {
	if l.mapping != nil && !l.ownShare.IsZero() {
		m.Get("target")
		return l.ownShare
	}
	return m.Require("target")
}

// threshold is the line's, or that of the latency m.
func (l line) threshold(m *document.Mapping) document.Node {
	if l.mapping == nil {
		return m.Require("threshold")
	}
	m.Get("thresholds")
	if own := m.Get("threshold"); !own.IsZero() {
		own.Errorf("\"threshold\" and \"thresholds\" are given: keep one")
	}
	return l.bound
}
