package rules

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// recoverLate finds the samples that arrived after their slot had closed and after
// the last ledger write, and posts what they add: the events of all samples up to
// the closed slot, less those without them. Each source has a position of its own.
// Where the WAL does not reach back to it, the source has been quiet for hours and
// nothing can be told any more: that is counted, and no reason not to start.
func (e *Engine) recoverLate(positions map[string]int64) {
	if e.opts.Since == nil {
		return
	}
	for name, position := range positions {
		if e.sources[name].step != 0 {
			continue // a query that missed them is not asked again
		}
		late := map[*series]map[int64]bool{}
		err := e.opts.Since(position, func(lset labels.Labels, _, t int64, _ float64, _ *histogram.Histogram, _ *histogram.FloatHistogram) error {
			s := e.lookup(e.Bind(lset, true))
			if s == nil || s.src.name != name || t > s.src.closedAtStart {
				return nil
			}
			if late[s] == nil {
				late[s] = map[int64]bool{}
			}
			late[s][t] = true
			return nil
		})
		if err != nil {
			e.metrics.lateUnknown.Inc()
			continue
		}
		for s, times := range late {
			e.postLate(s, times)
		}
	}
}

// postLate counts the samples at times, which the ledgers have not seen. What they add
// is the events of all samples less those without them, births included.
func (e *Engine) postLate(s *series, times map[int64]bool) {
	e.metrics.lateRecovered.Add(len(times))
	first := int64(math.MaxInt64)
	for t := range times {
		first = min(first, t)
	}
	with := e.rawSamples(s.lset, first, s.src.closedAtStart, nil)
	without := e.rawSamples(s.lset, first, s.src.closedAtStart, times)
	past := e.rawSamples(s.lset, math.MinInt64, first-1, nil)
	if n := len(past); n > 0 {
		prev := past[n-1:]
		with, without = append(prev[:1:1], with...), append(prev[:1:1], without...)
	}
	if len(with) == 0 {
		return
	}
	s.src.mu.Lock()
	defer s.src.mu.Unlock()
	interval := s.cadence.Interval()
	for i := range s.bound {
		b := &s.bound[i]
		t := b.term
		events := sumEvents(t, with, interval) - sumEvents(t, without, interval)
		if len(past) == 0 {
			events += e.lateBirth(s, b, with, without)
		}
		b.add(first, events, e.slot)
	}
}

// lateBirth is what late samples change about the birth of a series that has none
// before them.
func (e *Engine) lateBirth(s *series, b *bound, with, without []count.Sample) float64 {
	events := 0.0
	if len(without) > 0 && e.bornCounted(s, b, &without[0]) {
		events -= count.Born(b.term, &without[0])
	}
	if e.bornAnew(s, b, &with[0]) {
		events += count.Born(b.term, &with[0])
	}
	return events
}

func sumEvents(t *slo.Term, samples []count.Sample, interval int64) float64 {
	sum := 0.0
	for i := 1; i < len(samples); i++ {
		sum += count.Events(t, &samples[i-1], &samples[i], interval)
	}
	return sum
}
