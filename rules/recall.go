package rules

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/history"
)

// recall reads where a stored ledger's counters stood at or before ts, however long
// ago that was: memory holds the past only as far as windows reach. A ledger that
// nothing was written to for longer goes on from there.
func (e *Engine) recall(ctx context.Context, ledger labels.Labels, ts int64) (history.Sum, error) {
	var sum history.Sum
	q, err := e.opts.Ledger.Querier(math.MinInt64, ts)
	if err != nil {
		return sum, fmt.Errorf("read ledger of %s: %w", ledger, err)
	}
	defer q.Close()
	ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, "slo_.+")}
	ledger.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
		}
	})
	fields := map[string]*float64{
		storedNames[storedTotal]: &sum.Total, storedNames[storedBad]: &sum.Bad,
		storedNames[storedObserved]: &sum.Observed, storedNames[storedExpected]: &sum.Expected,
		storedNames[storedLateTotal]: &sum.LateTotal, storedNames[storedLateBad]: &sum.LateBad,
	}
	set := q.Select(ctx, false, nil, ms...)
	for set.Next() {
		lset := set.At().Labels()
		field := fields[lset.Get(labels.MetricName)]
		if field == nil || !sameLedger(lset, ledger) {
			continue
		}
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			_, *field = it.At()
		}
		if it.Err() != nil {
			return sum, fmt.Errorf("read ledger of %s: %w", ledger, it.Err())
		}
	}
	if set.Err() != nil {
		return sum, fmt.Errorf("read ledger of %s: %w", ledger, set.Err())
	}
	return sum, nil
}

// sameLedger says whether two stored series differ by their names only.
func sameLedger(a, b labels.Labels) bool {
	drop := func(l labels.Labels) labels.Labels { return labels.NewBuilder(l).Del(labels.MetricName).Labels() }
	return labels.Equal(drop(a), drop(b))
}

// recallRows sees to it that every ledger of the rows knows where its counters stand
// before anything is added to them.
func (e *Engine) recallRows(ctx context.Context, rows []row) error {
	for i := range rows {
		l := rows[i].led
		if l.known {
			continue
		}
		sum, err := e.recall(ctx, l.labels(""), math.MaxInt64)
		if err != nil {
			return err
		}
		l.cum, l.known = l.cum.Add(sum), true
	}
	return nil
}
