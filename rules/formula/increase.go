package formula

import (
	"context"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// increase is the share of increases over the whole window, as Pyrra records them;
// rates over the same range have the same ratio.
func (e *evaluator) increase(ctx context.Context, o *slo.Objective, start, end int64) ([]Budget, error) {
	window := time.Duration(end-start) * time.Millisecond
	var found budgets
	if len(o.SLI.Terms) == 0 {
		q := written(&o.SLI).Over(window)
		if q.ErrorRatio == "" {
			q.ErrorRatio = "(" + q.Bad + ") / (" + q.Total + ")"
		}
		v, err := e.at(ctx, q.ErrorRatio, end)
		for _, s := range v {
			found.of(s.Metric).Ratio = s.F
		}
		return found.all(), err
	}
	var q slo.Query
	q.Bad, q.Total = bind.Texts(&o.SLI)
	q = q.Over(window)
	seconds := window.Seconds()
	if o.SLI.Terms[0].Kind == slo.GaugeSlices {
		seconds = bind.Step.Seconds() // the text counts slices, not their rate
	}
	total, err := e.at(ctx, q.Total, end)
	if err != nil {
		return nil, err
	}
	for _, s := range total {
		b := found.of(s.Metric)
		b.Total, b.Bad = s.F*seconds, 0
	}
	bad, err := e.at(ctx, q.Bad, end)
	if err != nil {
		return nil, err
	}
	for _, s := range bad {
		found.of(s.Metric).Bad = s.F * seconds
	}
	for _, b := range found.list {
		b.Ratio = b.Bad / b.Total
	}
	return found.all(), nil
}
