package formula

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// slice is the range of the ratios that Sloth averages over the period.
const slice = 5 * time.Minute

// sloth is the mean of the 5-minute ratios of each minute, as its rule for the period
// has it: sum_over_time(ratio_rate5m[period]) / count_over_time(ratio_rate5m[period]).
// One that is no number makes the sum none.
func (e *evaluator) sloth(ctx context.Context, o *slo.Objective, start, end int64) ([]Budget, error) {
	q := written(&o.SLI).Over(slice)
	ratio := q.ErrorRatio
	if ratio == "" {
		ratio = "(" + q.Bad + ") / (" + q.Total + ")"
	}
	var found budgets
	sums := map[*Budget]float64{}
	err := e.each(ctx, ratio, start, end, func(lset labels.Labels, v float64) {
		b := found.of(lset)
		b.Slices++
		if math.IsNaN(v) {
			b.NaN++
			return
		}
		sums[b] += v
	})
	if err != nil {
		return nil, err
	}
	for _, b := range found.list {
		if numbers := b.Slices - b.NaN; numbers > 0 {
			b.Mean = sums[b] / float64(numbers)
		}
		if b.NaN == 0 {
			b.Ratio = b.Mean
		}
	}
	if len(o.SLI.Terms) == 0 || slices.ContainsFunc(found.list, func(b *Budget) bool { return apart(b.Labels, o.SLI.By) }) {
		return found.all(), nil
	}
	// The same rates as counts: a minute's share of each slice.
	var c slo.Query
	c.Bad, c.Total = bind.Texts(&o.SLI)
	c = c.Over(slice)
	seconds := time.Minute.Seconds()
	if o.SLI.Terms[0].Kind == slo.GaugeSlices {
		seconds = bind.Step.Seconds() * float64(time.Minute) / float64(slice) // the text counts slices, not their rate
	}
	for _, count := range []struct {
		query string
		of    func(*Budget) *float64
	}{{c.Bad, func(b *Budget) *float64 { return &b.Bad }}, {c.Total, func(b *Budget) *float64 { return &b.Total }}} {
		err := e.each(ctx, count.query, start, end, func(lset labels.Labels, v float64) {
			if at := count.of(found.of(lset)); math.IsNaN(*at) {
				*at = v * seconds
			} else if !math.IsNaN(v) {
				*at += v * seconds
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found.all(), nil
}

// written are the queries of an SLI as they stand in its file, or what its terms are
// in PromQL.
func written(s *slo.SLI) *slo.Query {
	switch {
	case s.Query != nil:
		return s.Query
	case s.Written != nil:
		return s.Written
	}
	var q slo.Query
	q.Bad, q.Total = bind.Texts(s)
	return &q
}
