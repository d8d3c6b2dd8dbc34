package rules

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/count"
)

// load fills the memory of a series that is new to the engine with what the raw
// TSDB knows of it around t.
func (e *Engine) load(s *series, t int64, ahead *pending) {
	s.loaded = true
	const around = 10 * 60 * 1000
	skip := ahead.times(s.ref)
	found := e.rawSamples(s.lset, t-around, math.MaxInt64, skip)
	known := slices.DeleteFunc(slices.Clone(found), func(x count.Sample) bool { return x.T >= t })
	if len(known) == 0 {
		if known = e.rawSamples(s.lset, math.MinInt64, t-around-1, skip); len(known) > 0 {
			found = append([]count.Sample{known[len(known)-1]}, found...)
		}
	}
	if len(found) == 0 {
		s.recent.SetWhole()
	}
	s.learn(known)
	for _, x := range found {
		s.recent.Insert(x)
	}
	s.takeCadence(e.slot)
}

// learn lets the series' cadence know the scrapes before those that are counted. While
// a series is being scraped, that tells by itself.
func (s *series) learn(scrapes []count.Sample) {
	const enough = 240
	scrapes = scrapes[max(0, len(scrapes)-enough):]
	for i := 1; i < len(scrapes) && s.rate == 0; i++ {
		s.cadence.Observe(scrapes[i].T - scrapes[i-1].T)
	}
}

// takeCadence sets what is expected of the series by the cadence learnt.
func (s *series) takeCadence(slot int64) {
	if iv := s.cadence.Interval(); iv > 0 && s.rate == 0 {
		s.rate = slot * 1_000_000 / iv
		s.src.interval = max(s.src.interval, iv)
		s.tell(iv)
	}
}

// neighbours are the samples around t that are no longer in memory; next is the
// successor in memory, if there is one.
func (e *Engine) neighbours(s *series, t int64, next *count.Sample, ahead *pending) (prev, after *count.Sample) {
	e.metrics.neighbourReads.Inc()
	until := int64(math.MaxInt64)
	if next != nil {
		until = next.T
	}
	const near = 60 * 60 * 1000
	skip := ahead.times(s.ref)
	for _, from := range []int64{t - near, math.MinInt64} {
		for _, x := range e.rawSamples(s.lset, from, until, skip) {
			if x.T < t {
				prev = &x
			} else if x.T > t {
				after = &x
				break
			}
		}
		if prev != nil {
			break
		}
	}
	if after == nil {
		after = next
	}
	return prev, after
}

// rawSamples reads the countable samples of one series in [from, to].
func (e *Engine) rawSamples(lset labels.Labels, from, to int64, skip map[int64]bool) []count.Sample {
	ms := make([]*labels.Matcher, 0, lset.Len())
	lset.Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	var out []count.Sample
	e.eachRaw(ms, from, to, func(found labels.Labels, it chunkenc.Iterator) {
		if labels.Equal(found, lset) {
			out = appendSamples(out, it, from, to, skip)
		}
	})
	return out
}

// eachRaw calls fn with every raw series that matches. What cannot be read is counted.
func (e *Engine) eachRaw(ms []*labels.Matcher, from, to int64, fn func(labels.Labels, chunkenc.Iterator)) {
	q, err := e.opts.Raw.Querier(from, to)
	if err != nil {
		e.metrics.rawErrors.Inc()
		return
	}
	defer q.Close()
	set := q.Select(context.Background(), false, nil, ms...)
	for set.Next() {
		fn(set.At().Labels(), set.At().Iterator(nil))
	}
	if set.Err() != nil {
		e.metrics.rawErrors.Inc()
	}
}

// appendSamples reads an iterator's countable samples.
func appendSamples(out []count.Sample, it chunkenc.Iterator, from, to int64, skip map[int64]bool) []count.Sample {
	for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
		x := sampleAt(it, vt)
		if x.T < from || skip[x.T] || x.Stale() || !x.Valid() {
			continue
		}
		if x.T > to {
			break
		}
		out = append(out, x)
	}
	return out
}

// sampleAt is the sample the iterator stands on.
func sampleAt(it chunkenc.Iterator, vt chunkenc.ValueType) count.Sample {
	x := count.Sample{ST: it.AtST()}
	if vt == chunkenc.ValFloat {
		x.T, x.V = it.At()
	} else {
		x.T, x.H = it.AtFloatHistogram(nil)
	}
	return x
}
