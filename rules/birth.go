package rules

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// verdict says whether the first sample of a series counted its whole value for one
// term. It is not kept over a restart, nor over a change of objectives.
type verdict uint8

const (
	unjudged verdict = iota
	countedBirth
	countedNothing
)

func judged(born bool) verdict {
	if born {
		return countedBirth
	}
	return countedNothing
}

// pendingBirth is a first sample whose slot is open.
type pendingBirth struct {
	*count.Birth
	s *series
	// recall says that it lies further back than the family's memory of the newest
	// scrapes tells about: it came late, or before what was the first sample.
	recall bool
}

// noBirth is the nextBirth of a source that expects none.
const noBirth = math.MaxInt64

// settleBirths decides the births whose slot closes now. While none does, thousands
// may wait: they are not looked at, since appenders wait for the lock.
func (e *Engine) settleBirths(src *source, upTo int64) {
	if src.nextBirth > upTo {
		return
	}
	src.nextBirth = noBirth
	src.births = slices.DeleteFunc(src.births, func(p *pendingBirth) bool {
		if p.First.T > upTo {
			src.nextBirth = min(src.nextBirth, p.First.T)
			return false
		}
		p.Done = true
		p.s.born = nil
		for i := range p.s.bound {
			b := &p.s.bound[i]
			value := count.Born(b.term, &p.First)
			birth := p.Birth
			if p.recall {
				birth = e.recallBirth(p.s, b.term, &p.First)
			}
			b.birth = judged(bornUnderObservation(birth, b.led, value))
			if b.birth == countedBirth {
				b.add(p.First.T, value, e.slot)
				e.metrics.births.Inc()
			}
		}
		return true
	})
}

// bornUnderObservation says whether the first sample of a series counts its whole
// value (DESIGN.md, counting rule 2): its start timestamp lies in the time
// observed, or its family was there before it and the value is plausible.
func bornUnderObservation(b *count.Birth, l *ledger, value float64) bool {
	o := l.budget.obj
	since := l.src.since(o.record)
	switch {
	case o.SLI.Births == slo.BirthsZero:
		return false
	case o.SLI.Births == slo.BirthsSkip || b.First.ST > 0:
		return b.First.ST > since && b.First.ST <= b.First.T && since > 0
	}
	return b.UnderObservation(since, value)
}

// bornCounted says whether first, the first sample of the series so far, was counted
// as a birth. Where that was decided before the start, it is decided again, by what
// the raw TSDB holds of the family.
func (e *Engine) bornCounted(s *series, b *bound, first *count.Sample) bool {
	if b.birth == unjudged {
		o := b.led.budget.obj
		birth := &count.Birth{First: *first}
		if first.ST == 0 && o.SLI.Births == slo.BirthsAuto {
			birth = e.recallBirth(s, b.term, first)
		}
		b.birth = judged(bornUnderObservation(birth, b.led, count.Born(b.term, first)))
	}
	return b.birth == countedBirth
}

// bornAnew decides it for a first sample that came late before the one known so far: the
// samples alone say what was born, not the order in which they came.
func (e *Engine) bornAnew(s *series, b *bound, first *count.Sample) bool {
	b.birth = unjudged
	return e.bornCounted(s, b, first)
}

// recallBirth looks at the scrapes of a series' family up to its first sample: some
// minutes of them, or as many as it takes.
func (e *Engine) recallBirth(s *series, t *slo.Term, first *count.Sample) *count.Birth {
	b := e.recallFamily(s, t, first, first.T-warmUp)
	if b.Before[1] == 0 {
		b = e.recallFamily(s, t, first, first.T-count.FamilyReach)
	}
	return b
}

// recallFamily reads the family's scrapes since an instant. What came late of the series
// itself is none: it bears no witness to its own birth.
func (e *Engine) recallFamily(s *series, t *slo.Term, first *count.Sample, from int64) *count.Birth {
	type scrape struct {
		count.Sample
		gain float64
	}
	scrapes := []scrape{{Sample: *first}}
	e.eachRaw(e.familyMatchers(s.lset), from, first.T, func(lset labels.Labels, it chunkenc.Iterator) {
		if labels.Equal(lset, s.lset) {
			return
		}
		sibling := appendSamples(nil, it, from, first.T, nil)
		for i, x := range sibling {
			gain := 0.0
			if i > 0 {
				gain = count.Events(t, &sibling[i-1], &sibling[i], 0)
			}
			scrapes = append(scrapes, scrape{x, gain})
		}
	})
	slices.SortFunc(scrapes, func(a, b scrape) int { return cmp.Compare(a.T, b.T) })
	var f count.Family
	for _, x := range scrapes {
		f.Scrape(x.T)
		f.Gain(x.T, x.gain)
	}
	return f.Begin(*first)
}

// remembers says whether the family's memory tells what there was before t. After a
// start it does not reach back far.
func (s *series) remembers(t int64) bool {
	return s.family.Tells(t) && (s.family.Twice(t) || t-count.FamilyReach > s.src.closedAtStart)
}

// familyMatchers select the series that one scrape brings together with this one.
func (e *Engine) familyMatchers(lset labels.Labels) []*labels.Matcher {
	names := append([]string{labels.MetricName, "job", "instance"}, e.opts.SourceLabels...)
	ms := make([]*labels.Matcher, 0, len(names))
	for _, name := range names {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, name, lset.Get(name)))
	}
	return ms
}
