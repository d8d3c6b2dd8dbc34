package replay

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// Count counts the events of one objective, all groups together, over the stretch: the
// very counts a ledger of its own would have. Options.Objectives is not read.
func Count(ctx context.Context, past storage.Queryable, o *slo.Objective, opts Options) (slo.Counts, error) {
	whole := o.Clone()
	whole.SLI.By = nil
	opts.Objectives = []*slo.Objective{whole}
	bad, total := map[storage.SeriesRef]float64{}, map[storage.SeriesRef]float64{}
	opts.Rows = func(ref storage.SeriesRef, lset labels.Labels, _ int64, v float64) error {
		switch lset.Get(labels.MetricName) {
		case "slo_bad_events_total":
			bad[ref] = v
		case "slo_events_total":
			total[ref] = v
		}
		return nil
	}
	if _, err := Run(ctx, past, opts); err != nil {
		return slo.Counts{}, err
	}
	return slo.Counts{Bad: sum(bad), Total: sum(total)}, nil
}

func sum(byRef map[storage.SeriesRef]float64) float64 {
	s := 0.0
	for _, v := range byRef {
		s += v
	}
	return s
}
