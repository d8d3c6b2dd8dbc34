package replay

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// labelled is the past as the receiver would have stored it: with external labels
// and without those of replicas. Free queries read it.
type labelled struct{ *feed }

// Querier reads what lies in [mint, maxt], ms.
func (l labelled) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := l.past.Querier(mint, maxt)
	return labelledQuerier{q, l.feed}, err
}

type labelledQuerier struct {
	storage.Querier
	f *feed
}

func (q labelledQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	ms, possible := q.f.withoutExternal(ms)
	if !possible {
		return storage.EmptySeriesSet()
	}
	return labelledSet{q.Querier.Select(ctx, sorted, hints, ms...), q.f}
}

type labelledSet struct {
	storage.SeriesSet
	f *feed
}

func (s labelledSet) At() storage.Series {
	series := s.SeriesSet.At()
	return &storage.SeriesEntry{
		Lset:             s.f.withExternal(series.Labels()),
		SampleIteratorFn: series.Iterator,
	}
}
