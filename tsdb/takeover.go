package tsdb

import (
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Two replicas scrape a target a little apart, by clocks that differ: at a switch a
// counter may seem to fall by what the other one had seen already. So the first
// sample of another replica that is lower than the last one stored is left out, and
// the next one decides: if that is lower too, the counter was reset, and its value
// counts; if not, the difference to the last one stored does. Whether the one left
// out was a reset or not, the sum is the same; only a reset is told a scrape later.
//
// Nothing but the stored samples is needed to tell, so all that read them agree:
// the engine live, after a restart and in replay, and PromQL.

// unconfirmed says whether x, the first sample of another replica than the one that
// wrote the last, is left out: it falls, no start timestamp tells of a reset, and it
// is the first to fall.
func (w *writer) unconfirmed(it *item, s *series, a accepted, x *stored) bool {
	if s.replica == 0 || it.replica == 0 || it.replica == s.replica || s.doubted {
		return false
	}
	if st := w.b.startOf(a); st > s.last.t && st <= x.t {
		return false
	}
	return w.r.counts(s, x) && s.last.falls(x)
}

// doubt leaves x out.
func (w *writer) doubt(it *item, s *series, a accepted, x *stored) {
	s.replica, s.floor, s.horizon, s.doubted = it.replica, x.t, x.t, true
	w.drop(reasonUnconfirmed, s, a, x.t)
}

// counts says whether a fall of the series is a reset: it is no gauge. Of series that
// nobody counts only their names tell.
func (r *Receiver) counts(s *series, x *stored) bool {
	if s.sink != 0 && r.opts.Counter != nil {
		if is, known := r.opts.Counter(s.sink); known {
			return is
		}
	}
	if x.kind == kindHistogram || x.kind == kindFloatHistogram {
		return true
	}
	name := s.lset.Get(labels.MetricName)
	for _, suffix := range []string{"_total", "_count", "_sum", "_bucket"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// falls says whether a counter that stood at x has fallen at y. Behind a stale marker
// that cannot be told, so it may have.
func (x *stored) falls(y *stored) bool {
	switch {
	case y.stale() || x.kind == kindNone:
		return false
	case x.stale():
		return true
	case x.kind == kindFloat && y.kind == kindFloat:
		return math.Float64frombits(y.bits) < math.Float64frombits(x.bits)
	case x.kind == kindFloat || y.kind == kindFloat:
		return false
	}
	before, after := x.histogram(), y.histogram()
	if before.CounterResetHint == histogram.GaugeType || after.CounterResetHint == histogram.GaugeType {
		return false
	}
	after.CounterResetHint = histogram.UnknownCounterReset // a hint is about that replica's sample before
	return after.DetectReset(before)
}

// histogram is a copy of the stored one.
func (x *stored) histogram() *histogram.FloatHistogram {
	if x.kind == kindHistogram {
		return x.h.ToFloat(nil)
	}
	return x.fh.Copy()
}

// startOf is the start timestamp of a sample, 0 if it has none.
func (b *batch) startOf(a accepted) int64 {
	if a.hist {
		return b.hists[a.index].st
	}
	return b.samples[a.index].st
}
