package spec

import (
	"errors"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// Selector reads a PromQL selector; nil if it is none.
func (r *Reader) Selector(n document.Node) []*labels.Matcher {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	ms, err := bind.Selector(text)
	if err != nil {
		r.Wrong(n, err)
	}
	return ms
}

// Query reads a query with the window placeholder; nil if it is none.
func (r *Reader) Query(n document.Node) *bind.Query {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	q, err := bind.Parse(text)
	if err != nil {
		r.Wrong(n, err)
	}
	return q
}

// Wrong records what is wrong with a text of PromQL where it stands.
func (r *Reader) Wrong(n document.Node, err error) {
	var e *bind.Error
	if errors.As(err, &e) && e.Offset >= 0 {
		n.ErrorfAt(e.Offset, "%s", e.Msg)
		return
	}
	n.Errorf("%v", err)
}

// EventQueries reads an SLI of two queries, bad and total events.
func (r *Reader) EventQueries(badNode, totalNode document.Node) slo.SLI {
	bad, total := r.Query(badNode), r.Query(totalNode)
	if bad == nil || total == nil {
		return slo.SLI{}
	}
	if bad.Text == total.Text {
		badNode.Errorf("the queries for bad and for all events are the same: every event would be bad")
	}
	return r.Bound(badNode, bind.Events(bad, total))
}

// RatioQuery reads an SLI of one query for the share of bad events.
func (r *Reader) RatioQuery(n document.Node) slo.SLI {
	q := r.Query(n)
	if q == nil {
		return slo.SLI{}
	}
	return r.Bound(n, bind.Ratio(q))
}

// Bound is the SLI of what stands at n. It says what was assumed, and of an SLI that
// is not counted natively why it is not.
func (r *Reader) Bound(n document.Node, b bind.Bound) slo.SLI {
	for _, what := range b.Assumed {
		r.Finding(slo.LevelInfo, "assumed", n.Problem("%s", what))
	}
	if q := b.SLI.Query; q != nil {
		r.Finding(slo.LevelInfo, "promql", n.Problem("this query cannot be counted from series (%s): PromQL evaluates it once a minute over 5 min or 4 scrape intervals, and every minute weighs the same", q.Reason))
	}
	return b.SLI
}
