package derive

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/prometheus/prometheus/storage"
)

// alertNames are the ledger's series that are served as they are stored.
var alertNames = []string{"ALERTS", "ALERTS_FOR_STATE"}

// alertMatchers are the query's, held to the alerts' names; ok is false if it wants
// none of them.
func alertMatchers(ms []*labels.Matcher) (out []*labels.Matcher, ok bool) {
	var names []string
	for _, name := range alertNames {
		if nameMatches(ms, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, false
	}
	for _, m := range ms {
		if m.Name != labels.MetricName {
			out = append(out, m)
		}
	}
	return append(out, anyOf(labels.MetricName, names)), true
}

// selectAlerts adds ALERTS and ALERTS_FOR_STATE.
func (q *querier) selectAlerts(ctx context.Context, out *selection, ms []*labels.Matcher) error {
	ms, ok := alertMatchers(ms)
	if !ok || out.full() {
		return nil
	}
	ledger, err := q.open()
	if err != nil {
		return err
	}
	set := ledger.Select(ctx, false, out.hints, ms...)
	for set.Next() && !out.full() {
		if len(out.series) >= q.view.opts.MaxSeries {
			q.view.metrics.rejected.Inc()
			return errTooMany(q.view.opts.MaxSeries)
		}
		out.series = append(out.series, set.At())
	}
	out.warnings.Merge(set.Warnings())
	if err := set.Err(); err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	return nil
}

// open returns the ledger over the querier's own range.
func (q *querier) open() (storage.Querier, error) {
	if q.ledger == nil {
		ledger, err := q.view.ledger.Querier(q.mint, q.maxt)
		if err != nil {
			return nil, fmt.Errorf("open ledger: %w", err)
		}
		q.ledger = ledger
	}
	return q.ledger, nil
}
