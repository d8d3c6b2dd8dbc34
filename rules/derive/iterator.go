package derive

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

var staleMarker = math.Float64frombits(value.StaleNaN)

// series is one series of a budget; it costs nothing but its labels until its
// iterator is moved.
type series struct {
	ctx     context.Context
	querier *querier
	lset    labels.Labels
	entry   *entry
	variant *variant
	// unit is where the counters come from, nil if values need none.
	unit *unit
	// first and last are the slots wanted, ms, and steps when they are looked at.
	first, last int64
	steps       steps
}

func (s *series) Labels() labels.Labels { return s.lset }

func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*iterator)
	if !ok {
		it = &iterator{}
	}
	*it = iterator{series: s, eval: evaluation{windows: it.eval.windows}, k: -1, steps: s.steps}
	return it
}

// iterator yields the values of one series: one for each slot of its timeline that
// has one, and a stale marker where a value is not followed by another in the next
// slot.
type iterator struct {
	series *series
	eval   evaluation
	line   timeline
	ready  bool
	// k is the timeline's slot that was evaluated last, at time at; lasting says
	// that it had a value, so that a gap after it needs a marker.
	k       int
	at      int64
	lasting bool
	// steps are those to come, if the series is looked at in steps.
	steps steps

	t    int64
	v    float64
	typ  chunkenc.ValueType
	done bool
	err  error
}

// prepare has the counters read, at the first move and whenever the querier let go
// of them since.
func (it *iterator) prepare() bool {
	s := it.series
	if it.done {
		return false
	}
	if it.ready && (s.unit == nil || s.unit.curve.Load() == it.eval.curve) {
		return true
	}
	var c *curve
	if s.unit != nil {
		if c, it.err = s.querier.curve(s.ctx, s.unit); it.err != nil {
			return it.end()
		}
	}
	slot := s.querier.view.slot
	it.eval.reset(s.entry, s.variant, s.querier.view.opts.Slot, c)
	switch m := s.variant.metric; {
	case !m.always:
		it.line = rowTimeline(c, s.first, s.last, slot)
	case c == nil:
		it.line = gridTimeline(s.first, min(s.last, s.querier.newest()), slot)
	default:
		it.line = gridTimeline(s.first, min(s.last, s.querier.settled(c)), slot)
		it.eval.shareStates(&it.line)
	}
	if it.ready {
		it.k = it.line.search(it.at+1) - 1
	}
	it.ready = true
	return true
}

func (it *iterator) Next() chunkenc.ValueType {
	if !it.prepare() {
		return chunkenc.ValNone
	}
	if it.steps.every > 0 {
		return it.nextStep()
	}
	slot := it.series.querier.view.slot
	for it.k+1 < it.line.n {
		if it.lasting && it.line.at(it.k+1) > it.at+slot {
			return it.marker(it.at + slot)
		}
		it.step(it.k + 1)
		if it.k&0xfff == 0 && it.series.ctx.Err() != nil {
			it.err = it.series.ctx.Err()
			it.end()
			return chunkenc.ValNone
		}
		v, ok := it.series.variant.metric.value(&it.eval)
		if ok {
			it.lasting = true
			return it.emit(it.at, v)
		}
		if it.lasting {
			return it.marker(it.at)
		}
	}
	// The last value may yet be followed by another until its slot has settled.
	if end := it.at + slot; it.lasting && it.over(end) {
		return it.marker(end)
	}
	it.end()
	return chunkenc.ValNone
}

// over says that a slot behind the timeline's last is a gap.
func (it *iterator) over(end int64) bool {
	return end <= it.series.last && end <= it.series.querier.settledBy()
}

// milliseconds is an event time. The alias is what `go vet` needs to tell Seek from
// io.Seeker's.
type milliseconds = int64

func (it *iterator) Seek(t milliseconds) chunkenc.ValueType {
	if it.typ != chunkenc.ValNone && it.t >= t && !it.done {
		return it.typ
	}
	if !it.prepare() {
		return chunkenc.ValNone
	}
	if it.steps.every > 0 {
		it.steps.from(t)
		it.lasting = false // what was before is not asked for again
		for it.nextStep() != chunkenc.ValNone && it.t < t {
		}
		return it.typ
	}
	if before := it.line.search(t) - 1; before > it.k {
		// Whether a marker follows depends on the slot before.
		it.step(before)
		_, it.lasting = it.series.variant.metric.value(&it.eval)
	}
	if gap := it.at + it.series.querier.view.slot; it.lasting && gap < t {
		// The next slot lies before t too, so it has no value: its marker is past.
		it.lasting = false
	}
	return it.Next()
}

// step moves on to the timeline's k-th slot.
func (it *iterator) step(k int) {
	it.k = k
	it.line.locate(k, &it.eval)
	it.at = it.eval.ts
}

func (it *iterator) marker(t int64) chunkenc.ValueType {
	it.lasting = false
	return it.emit(t, staleMarker)
}

func (it *iterator) emit(t int64, v float64) chunkenc.ValueType {
	it.t, it.v, it.typ = t, v, chunkenc.ValFloat
	return it.typ
}

func (it *iterator) end() bool {
	it.done, it.typ = true, chunkenc.ValNone
	return false
}

func (it *iterator) At() (int64, float64) { return it.t, it.v }
func (it *iterator) AtT() int64           { return it.t }
func (it *iterator) AtST() int64          { return 0 }
func (it *iterator) Err() error           { return it.err }

func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("derive: series hold floats only")
}

func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	panic("derive: series hold floats only")
}
