package dated

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// iterator yields a fact's value at each slot's end within its stretches, and a stale
// marker at the first one after a stretch that none follows.
type iterator struct {
	*series
	// i is the stretch that is walked, t and v the sample it stands on.
	i   int
	t   int64
	v   float64
	typ chunkenc.ValueType
}

var staleMarker = math.Float64frombits(value.StaleNaN)

func (it *iterator) Next() chunkenc.ValueType { return it.from(it.t + 1) }

// milliseconds is an event time. The alias is what `go vet` needs to tell Seek from
// io.Seeker's.
type milliseconds = int64

func (it *iterator) Seek(t milliseconds) chunkenc.ValueType {
	if it.typ != chunkenc.ValNone && it.t >= t {
		return it.typ
	}
	return it.from(max(t, it.t+1))
}

// from moves to the first sample at or after t.
func (it *iterator) from(t int64) chunkenc.ValueType {
	for ; it.i < len(it.fact.Stretches); it.i++ {
		s := it.fact.Stretches[it.i]
		next := slotEnd(max(t, s.From), it.slot)
		switch {
		case next > it.maxt:
			return it.emit(math.MaxInt64, 0, chunkenc.ValNone)
		case next < s.To:
			return it.emit(next, s.Value, chunkenc.ValFloat)
		}
		end := slotEnd(s.To, it.slot)
		if end >= t && end <= it.maxt && !it.follows(end) {
			it.i++
			return it.emit(end, staleMarker, chunkenc.ValFloat)
		}
	}
	return it.emit(math.MaxInt64, 0, chunkenc.ValNone)
}

// follows says whether the next stretch has a value at the slot that ends at t.
func (it *iterator) follows(t int64) bool {
	next := it.i + 1
	return next < len(it.fact.Stretches) && it.fact.Stretches[next].From <= t
}

func (it *iterator) emit(t int64, v float64, typ chunkenc.ValueType) chunkenc.ValueType {
	if typ != chunkenc.ValNone {
		it.t, it.v = t, v
	}
	it.typ = typ
	return typ
}

// slotEnd is the first slot's end at or after t.
func slotEnd(t, slot int64) int64 {
	r := t % slot
	switch {
	case r == 0:
		return t
	case r < 0:
		return t - r
	}
	return t - r + slot
}

func (it *iterator) At() (int64, float64) { return it.t, it.v }
func (it *iterator) AtT() int64           { return it.t }
func (it *iterator) AtST() int64          { return 0 }
func (it *iterator) Err() error           { return nil }

func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("dated: series hold floats only")
}

func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	panic("dated: series hold floats only")
}
