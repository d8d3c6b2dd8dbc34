package count_test

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

var stale = math.Float64frombits(value.StaleNaN)

func at(t int64, v float64) *count.Sample { return &count.Sample{T: t, V: v} }

func since(st, t int64, v float64) *count.Sample { return &count.Sample{T: t, ST: st, V: v} }

// latencies is a native histogram of observations per bucket: (0.5, 1], (1, 2], (2, 4].
func latencies(t int64, counts ...float64) *count.Sample {
	h := &histogram.FloatHistogram{Schema: 0}
	sum := 0.0
	for _, c := range counts {
		sum += c
	}
	h.Count, h.Sum = sum, sum
	h.PositiveSpans = []histogram.Span{{Offset: 0, Length: uint32(len(counts))}}
	h.PositiveBuckets = counts
	return &count.Sample{T: t, H: h}
}

func hinted(s *count.Sample, hint histogram.CounterResetHint) *count.Sample {
	s.H.CounterResetHint = hint
	return s
}

func TestEvents(t *testing.T) {
	counter := &slo.Term{Kind: slo.Counter}
	up := &slo.Term{Kind: slo.GaugeSlices, Op: "==", Threshold: 1}
	all := &slo.Term{Kind: slo.HistogramCount}
	fast := &slo.Term{Kind: slo.HistogramBelow, Threshold: 2}
	for name, c := range map[string]struct {
		term     *slo.Term
		a, b     *count.Sample
		interval int64
		want     float64
	}{
		"increment":                        {counter, at(0, 5), at(15000, 8), 15000, 3},
		"nothing":                          {counter, at(0, 5), at(15000, 5), 15000, 0},
		"reset":                            {counter, at(0, 5), at(15000, 2), 15000, 2},
		"reset to zero":                    {counter, at(0, 5), at(15000, 0), 15000, 0},
		"negative, which no counter is":    {counter, at(0, 5), at(15000, -2), 15000, 0},
		"after a negative":                 {counter, at(0, -2), at(15000, 5), 15000, 5},
		"reset hidden by growth":           {counter, since(-9, 0, 5), since(7000, 15000, 8), 15000, 8},
		"same start":                       {counter, since(-9, 0, 5), since(-9, 15000, 8), 15000, 3},
		"start in the future says nothing": {counter, at(0, 5), since(16000, 15000, 8), 15000, 3},
		"start at the sample before":       {counter, at(7000, 5), since(7000, 15000, 8), 15000, 3},
		"a counter that turned histogram":  {counter, at(0, 5), latencies(15000, 1), 15000, 0},

		"held":                               {up, at(0, 1), at(15000, 0), 15000, 15},
		"not held":                           {up, at(0, 0), at(15000, 1), 15000, 0},
		"held over a gap":                    {up, at(0, 1), at(150000, 1), 15000, 37.5},
		"one scrape missed":                  {up, at(0, 1), at(30000, 1), 15000, 30},
		"held, interval unknown":             {up, at(0, 1), at(15000, 1), 0, 15},
		"back after a day, interval unknown": {up, at(0, 1), at(86_400_000, 1), 0, 300},

		"observations":                {all, latencies(0, 1, 2, 3), latencies(15000, 2, 4, 6), 15000, 6},
		"observations, reset":         {all, latencies(0, 1, 2, 3), latencies(15000, 1, 0, 0), 15000, 1},
		"one bucket falls":            {all, latencies(0, 1, 2, 3), latencies(15000, 9, 1, 3), 15000, 13},
		"a hint about another sample": {all, latencies(0, 1, 2, 3), hinted(latencies(15000, 1, 1, 9), histogram.NotCounterReset), 15000, 11},
		"below the threshold":         {fast, latencies(0, 1, 2, 3), latencies(15000, 2, 4, 6), 15000, 3},
		"whole at a bucket's edge":    {fast, latencies(0, 3, 1, 1), latencies(15000, 8, 2, 2), 15000, 6},
		"below, reset":                {fast, latencies(0, 9, 9, 9), latencies(15000, 2, 4, 6), 15000, 6},
		"a histogram from floats":     {all, at(0, 5), latencies(15000, 2), 15000, 2},
		"floats from a histogram":     {all, latencies(0, 2), at(15000, 5), 15000, 0},
	} {
		if have := count.Events(c.term, c.a, c.b, c.interval); have != c.want && math.Abs(have-c.want) > 1e-15*c.want {
			t.Errorf("%s: want %g, have %g", name, c.want, have)
		}
	}
}

func TestBorn(t *testing.T) {
	for name, c := range map[string]struct {
		kind slo.TermKind
		b    *count.Sample
		want float64
	}{
		"counter":   {slo.Counter, at(0, 5), 5},
		"negative":  {slo.Counter, at(0, -5), 0},
		"gauge":     {slo.GaugeSlices, at(0, 1), 0},
		"histogram": {slo.HistogramCount, latencies(0, 1, 2), 3},
		"wrong":     {slo.HistogramCount, at(0, 1), 0},
	} {
		if have := count.Born(&slo.Term{Kind: c.kind}, c.b); have != c.want {
			t.Errorf("%s: want %g, have %g", name, c.want, have)
		}
	}
}

func TestValid(t *testing.T) {
	for name, c := range map[string]struct {
		s            *count.Sample
		valid, stale bool
	}{
		"number":          {at(0, 5), true, false},
		"not a number":    {at(0, math.NaN()), false, false},
		"infinite":        {at(0, math.Inf(-1)), false, false},
		"stale":           {at(0, stale), false, true},
		"histogram":       {latencies(0, 1), true, false},
		"stale histogram": {&count.Sample{H: &histogram.FloatHistogram{Sum: stale}}, true, true},
		"broken":          {&count.Sample{H: &histogram.FloatHistogram{Count: math.NaN()}}, false, false},
	} {
		if have := c.s.Valid(); have != c.valid {
			t.Errorf("%s: want valid %v, have %v", name, c.valid, have)
		}
		if have := c.s.Stale(); have != c.stale {
			t.Errorf("%s: want stale %v, have %v", name, c.stale, have)
		}
	}
}

// TestEventsAdd: what a sample between two others adds, and what that changes for the
// later one, is what counting all three in order gives: the identity that lets
// samples come out of order.
func TestEventsAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := &slo.Term{Kind: rapid.SampledFrom([]slo.TermKind{slo.Counter, slo.GaugeSlices}).Draw(t, "kind")}
		var s [3]*count.Sample
		for i := range s {
			s[i] = at(int64(i)*15000, float64(rapid.IntRange(0, 9).Draw(t, "v")))
		}
		before := count.Events(term, s[0], s[2], 15000)
		change := count.Events(term, s[1], s[2], 15000) - before
		if want, have := count.Events(term, s[0], s[1], 15000)+count.Events(term, s[1], s[2], 15000), before+count.Events(term, s[0], s[1], 15000)+change; want != have {
			t.Fatalf("want %g, have %g", want, have)
		}
	})
}

// TestHistogramSums: without a reset the increments add up to the last histogram.
func TestHistogramSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := &slo.Term{Kind: slo.HistogramBelow, Threshold: rapid.SampledFrom([]float64{0.5, 0.7, 1, 1.5, 2, 3, 4}).Draw(t, "threshold")}
		counts := make([]float64, 3)
		last, sum := latencies(0, counts...), 0.0
		for i := range rapid.IntRange(1, 10).Draw(t, "scrapes") {
			next := make([]float64, 3)
			for k := range next {
				next[k] = counts[k] + float64(rapid.IntRange(0, 5).Draw(t, "observations"))
			}
			counts = next
			s := latencies(int64(i+1)*15000, counts...)
			sum += count.Events(term, last, s, 15000)
			last = s
		}
		if want := count.Born(term, last); math.Abs(want-sum) > 1e-9*(1+want) {
			t.Fatalf("want %g, have %g", want, sum)
		}
	})
}
