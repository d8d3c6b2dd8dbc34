package shop

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
)

// Buckets of a native histogram with schema 3 grow by 2^(1/8): bucket i holds what took
// (2^((i−1)/8), 2^(i/8)] seconds. These reach from 15 ms to 2.6 s.
const (
	latencySchema  = 3
	fastestBucket  = -48
	latencyBuckets = 60
)

// latencies is a native histogram of how long requests took.
type latencies struct {
	healthy, failing [latencyBuckets]float64 // share of the requests by bucket
	rest             [latencyBuckets]float64
	count            [latencyBuckets]float64
	sum              float64 // seconds
}

// newLatencies has answers take 60 ms in the middle on a good day, 500 ms on a bad one.
func newLatencies() *latencies {
	return &latencies{healthy: logNormal(0.060, 0.55), failing: logNormal(0.500, 0.5)}
}

// observe counts n requests of which the share failing meets a service that fails.
// What no other bucket takes was fast.
func (l *latencies) observe(n, failing float64) {
	left := n
	for i := latencyBuckets - 1; i >= 0; i-- {
		k := min(left, whole(n*(l.healthy[i]*(1-failing)+l.failing[i]*failing), &l.rest[i]))
		if i == 0 {
			k = left
		}
		left -= k
		l.count[i] += k
		l.sum += k * upperBound(i) * 0.95
	}
}

// histogram is a copy as a client library would expose it.
func (l *latencies) histogram() *histogram.Histogram {
	h := &histogram.Histogram{
		Schema: latencySchema, Sum: l.sum,
		PositiveSpans:   []histogram.Span{{Offset: fastestBucket, Length: latencyBuckets}},
		PositiveBuckets: make([]int64, latencyBuckets),
	}
	before := int64(0)
	for i, c := range l.count {
		h.PositiveBuckets[i] = int64(c) - before // buckets are stored as differences
		before = int64(c)
		h.Count += uint64(c)
	}
	return h
}

// logNormal is the share of a log-normal distribution that falls into each bucket.
func logNormal(median, sigma float64) (share [latencyBuckets]float64) {
	below := func(v float64) float64 { return 0.5 * math.Erfc(-math.Log(v/median)/(sigma*math.Sqrt2)) }
	for i := range share {
		share[i] = below(upperBound(i)) - below(upperBound(i-1))
	}
	return share
}

// upperBound of a bucket, seconds.
func upperBound(i int) float64 { return math.Exp2(float64(fastestBucket+i) / (1 << latencySchema)) }
