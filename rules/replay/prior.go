package replay

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// prior is the newest sample of each series before the start: all the raw samples
// that the engine can ask for, since from the start on it gets every one in order.
type prior struct {
	byHash map[uint64][]priorSample
}

type priorSample struct {
	lset labels.Labels
	sample
}

// sample is one value of a series.
type sample struct {
	st, t int64 // ms
	v     float64
	h     *histogram.FloatHistogram
}

var _ chunks.Sample = sample{}

func (s sample) ST() int64                     { return s.st }
func (s sample) T() int64                      { return s.t }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return s.h }
func (s sample) Copy() chunks.Sample           { return s }
func (s sample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

// read is the sample the iterator stands on.
func read(it chunkenc.Iterator, vt chunkenc.ValueType) sample {
	s := sample{st: it.AtST()}
	if vt == chunkenc.ValFloat {
		s.t, s.v = it.At()
	} else {
		s.t, s.h = it.AtFloatHistogram(nil)
	}
	return s
}

func (p *prior) add(lset labels.Labels, s sample) {
	h := lset.Hash()
	for i, old := range p.byHash[h] {
		if labels.Equal(old.lset, lset) {
			if s.t > old.t {
				p.byHash[h][i].sample = s
			}
			return
		}
	}
	p.byHash[h] = append(p.byHash[h], priorSample{lset, s})
}

// Querier reads what lies in [mint, maxt], ms.
func (p *prior) Querier(mint, maxt int64) (storage.Querier, error) {
	return &priorQuerier{Querier: storage.NoopQuerier(), p: p, mint: mint, maxt: maxt}, nil
}

type priorQuerier struct {
	storage.Querier
	p          *prior
	mint, maxt int64
}

// Select finds the one series whose labels the matchers spell out, as the engine
// asks for its neighbours.
func (q *priorQuerier) Select(_ context.Context, _ bool, _ *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	b := labels.NewScratchBuilder(len(ms))
	for _, m := range ms {
		b.Add(m.Name, m.Value)
	}
	b.Sort()
	lset := b.Labels()
	for _, s := range q.p.byHash[lset.Hash()] {
		if labels.Equal(s.lset, lset) && s.t >= q.mint && s.t <= q.maxt {
			return &oneSeries{series: storage.NewListSeries(lset, []chunks.Sample{s.sample})}
		}
	}
	return storage.EmptySeriesSet()
}

// oneSeries is a set of one.
type oneSeries struct {
	series storage.Series
	done   bool
}

func (s *oneSeries) Next() bool {
	was := s.done
	s.done = true
	return !was
}
func (s *oneSeries) At() storage.Series              { return s.series }
func (*oneSeries) Err() error                        { return nil }
func (*oneSeries) Warnings() annotations.Annotations { return nil }
