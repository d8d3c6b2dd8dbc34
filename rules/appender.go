package rules

import (
	"context"
	"errors"
	"sync"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/count"
)

// errUnbound answers an append with a reference that Bind did not give.
var errUnbound = errors.New("rules: append to a series that is not bound")

// AppenderV2 returns an appender for committed samples of bound series. The caller
// keeps the samples of one source in order: it holds a lock per source from the
// raw TSDB's commit to the end of Commit.
func (e *Engine) AppenderV2(context.Context) storage.AppenderV2 {
	a := appenders.Get().(*appender)
	a.e = e
	return a
}

// appenders are kept for their batches: a request holds some thousand samples.
var appenders = sync.Pool{New: func() any { return &appender{batch: make([]entry, 0, 2048)} }}

func (a *appender) done() {
	if a.histograms {
		clear(a.batch) // they are not kept alive
	}
	a.batch, a.histograms = a.batch[:0], false
	a.e = nil
	appenders.Put(a)
}

type appender struct {
	e          *Engine
	batch      []entry
	histograms bool // are in batch
}

type entry struct {
	ref storage.SeriesRef
	count.Sample
}

// Append buffers one sample of the series that Bind gave ref to. Labels are not
// looked at.
func (a *appender) Append(ref storage.SeriesRef, _ labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if ref == 0 {
		return 0, errUnbound
	}
	if h != nil {
		fh = h.ToFloat(nil)
	}
	a.histograms = a.histograms || fh != nil
	// Field by field, in its place: a copy made on the stack word by word and moved as a
	// whole keeps the processor waiting.
	a.batch = append(a.batch, entry{})
	x := &a.batch[len(a.batch)-1]
	x.ref, x.T, x.ST, x.V, x.H = ref, t, st, v, fh
	return ref, nil
}

// Rollback forgets the batch.
func (a *appender) Rollback() error {
	a.done()
	return nil
}

// Commit applies the batch.
func (a *appender) Commit() error {
	e := a.e
	now := e.opts.Now().UnixMilli()
	e.mu.RLock()
	defer e.mu.RUnlock()
	for i := 0; i < len(a.batch); {
		s := e.lookup(a.batch[i].ref)
		if s == nil {
			e.metrics.unbound.Inc()
			i++
			continue
		}
		i += e.applySource(s.src, a.batch[i:], now)
	}
	a.done()
	return nil
}

func (e *Engine) lookup(ref storage.SeriesRef) *series {
	if ref == 0 || int(ref) > len(e.series) {
		return nil
	}
	return e.series[ref-1]
}

// applySource applies the leading entries that belong to src and returns how many.
func (e *Engine) applySource(src *source, batch []entry, now int64) int {
	n := e.leading(src, batch)
	src.mu.Lock()
	defer src.mu.Unlock()
	if e.opts.Position != nil {
		src.position = e.opts.Position()
	}
	src.arrived, src.heard = now, true
	ahead := &pending{batch: batch}
	for i := range batch[:n] {
		ahead.applied = i
		e.apply(e.lookup(batch[i].ref), &batch[i].Sample, ahead)
	}
	if len(src.dirty) > 0 || src.newest-src.closed >= e.slot+e.opts.Grace.Milliseconds() {
		e.poke()
	}
	return n
}

// leading is how many entries at the beginning of a batch belong to src. It asks all of
// them before any is counted: none of these looks at a series waits for the one before,
// and what it finds is in the processor's cache when the sample is counted.
func (e *Engine) leading(src *source, batch []entry) int {
	for n := range batch {
		if s := e.lookup(batch[n].ref); s == nil || s.src != src {
			return n
		}
	}
	return len(batch)
}

// pending is a batch of which the first applied entries were counted. The raw TSDB
// holds all of it already.
type pending struct {
	batch   []entry
	applied int
	byRef   map[storage.SeriesRef][]int
}

// times are the timestamps of a series that are not counted yet.
func (p *pending) times(ref storage.SeriesRef) map[int64]bool {
	if p == nil {
		return nil
	}
	if p.byRef == nil {
		p.byRef = make(map[storage.SeriesRef][]int, len(p.batch))
		for i := range p.batch {
			p.byRef[p.batch[i].ref] = append(p.byRef[p.batch[i].ref], i)
		}
	}
	times := map[int64]bool{}
	for _, i := range p.byRef[ref] {
		if i >= p.applied {
			times[p.batch[i].T] = true
		}
	}
	return times
}

// apply counts one sample; ahead is the batch it came in, nil if the raw TSDB holds
// nothing that is not counted.
func (e *Engine) apply(s *series, x *count.Sample, ahead *pending) {
	if x.Stale() {
		if last := s.recent.Last(); last == nil || x.T > last.T {
			s.stop(x.T, e.slot)
			s.src.note(x.T, e.slot)
		}
		return
	}
	if !x.Valid() {
		e.metrics.invalidSamples.Inc()
		return
	}
	if len(s.bound) == 0 { // only queries read it, and they ask the raw TSDB
		s.src.note(x.T, e.slot)
		s.scraped(x, e.slot)
		s.recent.Insert(*x)
		return
	}
	if !s.loaded {
		e.load(s, x.T, ahead)
	}
	prev, next, known := s.recent.Neighbours(x.T)
	if !known {
		prev, next = e.neighbours(s, x.T, next, ahead)
	}
	s.src.note(x.T, e.slot)
	s.family.Scrape(x.T)
	switch {
	case prev != nil:
		e.between(s, prev, x, next)
	case next != nil:
		e.before(s, x, next)
	default:
		s.born = &pendingBirth{Birth: s.family.Begin(*x), s: s, recall: x.T <= s.src.closed || !s.remembers(x.T)}
		s.src.births = append(s.src.births, s.born)
		s.src.nextBirth = min(s.src.nextBirth, x.T)
	}
	s.scraped(x, e.slot)
	if known || s.recent.Adjoins(next) {
		s.recent.Insert(*x)
	}
}

// between counts x between its neighbours: its increment in its own slot, and what
// that changes for the next sample in the next one's.
func (e *Engine) between(s *series, prev, x, next *count.Sample) {
	interval := s.cadence.Interval()
	gain := 0.0
	for i := range s.bound {
		b := &s.bound[i]
		t := b.term
		events := count.Events(t, prev, x, interval)
		gain = max(gain, events)
		b.add(x.T, events, e.slot)
		if next != nil {
			b.add(next.T, count.Events(t, x, next, interval)-count.Events(t, prev, next, interval), e.slot)
		}
	}
	s.family.Gain(x.T, gain)
	if next == nil {
		s.steady(prev, x)
	}
}

// before counts x as the new first sample of a series whose first was next. What next
// counted as a birth it counts no more, and whether x is one is for x to say.
func (e *Engine) before(s *series, x, next *count.Sample) {
	interval := s.cadence.Interval()
	for i := range s.bound {
		b := &s.bound[i]
		t := b.term
		events := count.Events(t, x, next, interval)
		if s.born == nil {
			if e.bornCounted(s, b, next) {
				events -= count.Born(t, next)
			}
			if e.bornAnew(s, b, x) {
				b.add(x.T, count.Born(t, x), e.slot)
			}
		}
		b.add(next.T, events, e.slot)
	}
	if s.born != nil {
		s.born.First, s.born.recall = *x, true
		s.src.nextBirth = min(s.src.nextBirth, x.T)
	}
}

// scraped notes what a sample says about the series' cadence and coverage.
func (s *series) scraped(x *count.Sample, slot int64) {
	last := s.recent.Last()
	inOrder := last == nil || x.T > last.T
	switch {
	case inOrder && !s.live:
		s.live = true
		for _, b := range s.bound {
			if b.scrapes {
				b.led.enter(x.T, slot, s.rate)
			}
		}
	case inOrder && s.observe(x.T-last.T):
		s.setRate(x.T, slot)
	}
	for i := range s.bound {
		if b := &s.bound[i]; b.scrapes {
			b.led.slotOf(x.T, slot).observed++
		}
	}
}

// observe notes the distance between two scrapes, in ms, and says whether the interval
// changed. Two replicas scrape at moments of their own, which says nothing of it.
func (s *series) observe(gap int64) (changed bool) {
	switched := s.switches != s.src.switches
	s.switches = s.src.switches
	if switched && gap < s.cadence.Interval() {
		return false
	}
	return s.cadence.Observe(gap)
}

// setRate takes over a new scrape interval.
func (s *series) setRate(t, slot int64) {
	rate := slot * 1_000_000 / s.cadence.Interval()
	for _, b := range s.bound {
		if !b.scrapes {
			continue
		}
		b.led.change(t, slot, s.rate, rate)
		if s.rate == 0 {
			b.led.slotOf(t, slot).starts++
		}
	}
	s.rate = rate
	s.tell(s.cadence.Interval())
	s.src.interval = max(s.src.interval, s.cadence.Interval())
}

// stop ends the series' run: it was marked stale, or is given up.
func (s *series) stop(t, slot int64) {
	if !s.live {
		return
	}
	s.live = false
	for _, b := range s.bound {
		if b.scrapes {
			b.led.leave(t, slot, s.rate)
		}
	}
}
