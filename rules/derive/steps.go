package derive

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

type lookbackKey struct{}

// AtSteps says that what is selected under the context is read by a PromQL engine with
// that lookback, for a query without subqueries. Such an engine looks at an instant
// vector's series at its steps alone, and there at the newest sample, so the others need
// not be computed: 30 days in steps of 5 min are 8,640 slots, not 172,800. Values and
// their slots are the same ones.
func AtSteps(ctx context.Context, lookback time.Duration) context.Context {
	return context.WithValue(ctx, lookbackKey{}, lookback)
}

// steps are instants, ms: first and whatever follows by every, to last. The zero value
// is none.
type steps struct{ first, every, last int64 }

// stepsOf are those at which the select's series are looked at; none if all of a range
// is. Upstream's engine asks for samples after first − lookback (promql.populateSeries).
func stepsOf(ctx context.Context, hints *storage.SelectHints) steps {
	lookback, ok := ctx.Value(lookbackKey{}).(time.Duration)
	if !ok || hints == nil || hints.Range != 0 {
		return steps{}
	}
	s := steps{first: hints.Start + lookback.Milliseconds() - 1, every: hints.Step, last: hints.End}
	if s.every <= 0 {
		s.every = math.MaxInt64 / 2 // an instant query
	}
	return s
}

// from leaves out the steps before t.
func (s *steps) from(t int64) {
	if s.first < t {
		s.first += (t - s.first + s.every - 1) / s.every * s.every
	}
}

// times are the steps, ms.
func (s steps) times() []int64 {
	if s.first > s.last {
		return nil
	}
	out := make([]int64, 0, (s.last-s.first)/s.every+1)
	for t := s.first; t <= s.last; t += s.every {
		out = append(out, t)
	}
	return out
}

// nextStep moves on to the next sample that is the newest at one of the steps.
func (it *iterator) nextStep() chunkenc.ValueType {
	s, slot := it.series, it.series.querier.view.slot
	for ; it.steps.first <= it.steps.last; it.steps.first += it.steps.every {
		k := it.line.newest(it.k, it.steps.first)
		if k < 0 {
			continue
		}
		gap := it.line.at(k) + slot
		gone := gap <= it.steps.first && (k+1 < it.line.n || it.over(gap))
		if !gone && k == it.k {
			continue
		}
		if !gone {
			it.step(k)
			if v, ok := s.variant.metric.value(&it.eval); ok {
				it.lasting = true
				return it.emit(it.at, v)
			}
			gap = it.at
		}
		if it.lasting {
			return it.marker(gap)
		}
	}
	it.end()
	return chunkenc.ValNone
}
