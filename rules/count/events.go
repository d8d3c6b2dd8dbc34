package count

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/slowburn/slowburn/slo"
)

// Sample is one stored sample of a series.
type Sample struct {
	T  int64 // event time, ms
	ST int64 // start timestamp, ms; 0 if unknown
	V  float64
	H  *histogram.FloatHistogram // set for native histograms; V is then unused
}

// Stale says whether the sample is a staleness marker.
func (s *Sample) Stale() bool {
	if s.H != nil {
		return value.IsStaleNaN(s.H.Sum)
	}
	return value.IsStaleNaN(s.V)
}

// Valid says whether the sample can be counted: counters that are NaN or
// infinite cannot.
func (s *Sample) Valid() bool {
	v := s.V
	if s.H != nil {
		v = s.H.Count
	}
	return !math.IsNaN(v) && !math.IsInf(v, 0)
}

const (
	// MaxHold is for how many scrape intervals a gauge's value is held when the
	// next scrape is missing.
	MaxHold = 2.5
	// lookback is for how long it is held, ms, before a second scrape has told the
	// interval: as long as PromQL holds it.
	lookback = 5 * 60 * 1000
)

// Events is what a term counts from sample a to its successor b: the increment
// of a counter (b − a, or b after a reset), the new observations of a histogram
// (all, or those at or below the threshold), the seconds for which a gauge's value
// held, or those of a free query's result, which stands alone. interval is the series' scrape interval in ms, for gauges.
func Events(t *slo.Term, a, b *Sample, interval int64) float64 {
	switch t.Kind {
	case slo.GaugeSlices:
		if !t.Op.Holds(a.V, t.Threshold) {
			return 0
		}
		limit := int64(lookback)
		if interval > 0 {
			limit = int64(MaxHold * float64(interval))
		}
		return float64(min(b.T-a.T, limit)) / 1000
	case slo.HistogramCount, slo.HistogramBelow:
		return observations(t, a, b)
	case slo.ResultSlice:
		return slo.QueryStep.Seconds()
	case slo.ResultRatio:
		return slo.QueryStep.Seconds() * b.V
	}
	if b.H != nil || a.H != nil {
		return 0
	}
	from, to := max(0, a.V), max(0, b.V) // a negative count is one of nothing
	if to < from || restarted(a, b) {
		return to
	}
	return to - from
}

// Born is what a term counts when b is the first sample of a series that began
// at zero under observation. A gauge has held for no time yet.
func Born(t *slo.Term, b *Sample) float64 {
	switch t.Kind {
	case slo.GaugeSlices:
		return 0
	case slo.HistogramCount, slo.HistogramBelow:
		if b.H == nil {
			return 0
		}
		return below(t, b.H)
	}
	if b.H != nil {
		return 0
	}
	return max(0, b.V)
}

// restarted says whether b's start timestamp lies after a: the counter began
// anew in between, even if it has grown past its old value since.
func restarted(a, b *Sample) bool { return b.ST > a.T && b.ST <= b.T }

func observations(t *slo.Term, a, b *Sample) float64 {
	if b.H == nil {
		return 0
	}
	if a.H == nil || restarted(a, b) || reset(a.H, b.H) {
		return below(t, b.H)
	}
	if t.Kind == slo.HistogramCount {
		return b.H.Count - a.H.Count
	}
	d, _, _, err := b.H.Copy().Sub(a.H)
	if err != nil {
		// Exponential and custom buckets do not subtract: the layout changed, which
		// begins a new histogram.
		return below(t, b.H)
	}
	return below(t, d)
}

// reset says whether some bucket of b holds less than in a. The hint that b brings is
// about whatever sample came before it where it was made or stored, which need not be a.
func reset(a, b *histogram.FloatHistogram) bool {
	unhinted := *b
	unhinted.CounterResetHint = histogram.UnknownCounterReset
	return unhinted.DetectReset(a)
}

// below is how many observations of h the term counts: all, or those at or
// below the threshold, interpolated as PromQL's histogram_fraction does.
func below(t *slo.Term, h *histogram.FloatHistogram) float64 {
	if t.Kind == slo.HistogramCount || h.Count == 0 {
		return h.Count
	}
	f, _ := promql.HistogramFraction(math.Inf(-1), t.Threshold, h, "", posrange.PositionRange{})
	if math.IsNaN(f) {
		return 0
	}
	n := f * h.Count
	// At the edge of a bucket nothing is interpolated: what is a hair off a whole number
	// there is the division and multiplication, and whole observations stay whole.
	if whole := math.Round(n); math.Abs(n-whole) <= 1e-9*max(1, whole) {
		return whole
	}
	return n
}
