package tsdb

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// series is one stored series. All of it is guarded by its source's lock. Ingest is
// bound by the memory that it touches: what each sample asks stands together at the
// beginning, and the whole is two lines of the processor's cache.
type series struct {
	src  *source
	ref  storage.SeriesRef // in the raw TSDB, 0: not yet
	sink storage.SeriesRef // as Bind gave it, 0: no objective reads it

	// last is the newest sample stored, and no stored one lies behind horizon, which
	// is last.t or later. They hold if loaded.
	horizon int64
	last    stored

	// replica wrote the last sample; what lies at or before floor, others did, or
	// nobody may any more. doubted says that its first sample was left out, and that
	// none is stored of it yet.
	replica uint8
	loaded  bool
	doubted bool
	dead    bool   // no longer among the source's series
	sought  uint32 // generation of the head that was asked for ref
	floor   int64

	tracked *past
	// unfed are samples whose commit failed. They may be stored all the same once the
	// WAL is opened again; then their repetition is fed to the sink.
	unfed map[int64]struct{}

	lset labels.Labels
	next *series // of the same hash
}

// stored is a sample's value at t; kind 0 is none.
type stored struct {
	t    int64
	kind kind
	bits uint64
	h    *histogram.Histogram
	fh   *histogram.FloatHistogram
}

type kind uint8

const (
	kindNone kind = iota
	kindFloat
	kindHistogram
	kindFloatHistogram
)

func floatSample(t int64, v float64) stored {
	return stored{t: t, kind: kindFloat, bits: math.Float64bits(v)}
}

func histogramSample(x *histSample) stored {
	if x.fh != nil {
		return stored{t: x.t, kind: kindFloatHistogram, fh: x.fh}
	}
	return stored{t: x.t, kind: kindHistogram, h: x.h}
}

// stale says whether the value is a stale marker, of whichever type: the TSDB
// turns a float one into one of the series' type.
func (x *stored) stale() bool {
	switch x.kind {
	case kindFloat:
		return x.bits == value.StaleNaN
	case kindHistogram:
		return math.Float64bits(x.h.Sum) == value.StaleNaN
	case kindFloatHistogram:
		return math.Float64bits(x.fh.Sum) == value.StaleNaN
	}
	return false
}

// same says whether two values are. Chunks may hold a histogram with more empty
// buckets than it was sent with.
func (x *stored) same(y *stored) bool {
	if x.stale() || y.stale() {
		return x.stale() && y.stale()
	}
	switch {
	case x.kind != y.kind:
		return false
	case x.kind == kindHistogram:
		return x.h.Equals(y.h) || x.h.Copy().Compact(0).Equals(y.h.Copy().Compact(0))
	case x.kind == kindFloatHistogram:
		return x.fh.Equals(y.fh) || x.fh.Copy().Compact(0).Equals(y.fh.Copy().Compact(0))
	}
	return x.bits == y.bits
}

// forget makes the series ask the TSDB again what it holds.
func (s *series) forget() {
	s.loaded, s.last, s.horizon = false, stored{}, 0
}
