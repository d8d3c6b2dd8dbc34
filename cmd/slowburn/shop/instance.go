package shop

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
)

// The codes an instance answers with, and which of them are its own fault.
const (
	answered = iota
	notFound
	serverError
	numCodes
)

var codeNames = [numCodes]string{"200", "404", "503"}

// bounds of the latency histogram, seconds; the last is +Inf.
var bounds = [...]float64{0.05, 0.1, 0.25, 0.5, 1, math.Inf(1)}

// speed is which share of the requests falls into each bucket, on a good day and
// while the service is failing.
var (
	healthySpeed = [len(bounds)]float64{0.55, 0.32, 0.127, 0.002, 0.0008, 0.0002}
	failingSpeed = [len(bounds)]float64{0.10, 0.15, 0.30, 0.25, 0.15, 0.05}
)

// instance is one process of a service. It counts whole requests; checkout also how
// long they took in a classic histogram, search in a native one.
type instance struct {
	place  place
	lset   labels.Labels
	codes  [numCodes]float64
	bucket [len(bounds)]float64 // not cumulated
	sum    float64              // seconds
	took   *latencies           // search only

	// What is left of the requests, errors and buckets that were not yet whole.
	rest, restBad, restMissing float64
	restBucket                 [len(bounds)]float64
}

func newInstance(p place, name string, external labels.Labels) *instance {
	b := labels.NewBuilder(external)
	b.Set("job", p.service)
	b.Set("region", p.region)
	b.Set("instance", name)
	in := &instance{place: p, lset: b.Labels()}
	if p.service == Search {
		in.took = newLatencies()
	}
	return in
}

// serve counts requests of which the share failing fails.
func (in *instance) serve(requests, failing float64) {
	n := whole(requests, &in.rest)
	bad := min(n, whole(n*failing, &in.restBad))
	missing := min(n-bad, whole(n*0.01, &in.restMissing))
	in.codes[serverError] += bad
	in.codes[notFound] += missing
	in.codes[answered] += n - bad - missing
	if in.took != nil {
		in.took.observe(n, failing)
	}
	if in.place.service != Checkout {
		return
	}
	left := n
	for i := len(bounds) - 1; i >= 0; i-- {
		share := healthySpeed[i]*(1-failing) + failingSpeed[i]*failing
		k := min(left, whole(n*share, &in.restBucket[i]))
		if i == 0 {
			k = left
		}
		left -= k
		in.bucket[i] += k
		in.sum += k * min(bounds[i], 2) * 0.7
	}
}

// whole is v and what was left, rounded down; the rest is left.
func whole(v float64, rest *float64) float64 {
	v += *rest
	n := math.Floor(v)
	*rest = v - n
	return n
}

// series are the instance's, without values, in the order of read.
func (in *instance) series() []Series {
	var all []Series
	add := func(name string, more ...string) {
		b := labels.NewBuilder(in.lset)
		b.Set(labels.MetricName, name)
		for i := 0; i < len(more); i += 2 {
			b.Set(more[i], more[i+1])
		}
		all = append(all, Series{Labels: b.Labels()})
	}
	for _, code := range codeNames {
		add("http_requests_total", "code", code)
	}
	if in.place.service == Checkout {
		for _, le := range bounds {
			add("http_request_duration_seconds_bucket", labels.BucketLabel, formatBound(le))
		}
		add("http_request_duration_seconds_sum")
		add("http_request_duration_seconds_count")
	}
	if in.took != nil {
		add("http_request_duration_seconds")
	}
	return all
}

// read writes the counters into series and returns how many there are.
func (in *instance) read(series []Series) int {
	n := 0
	put := func(v float64) { series[n].Value = v; n++ }
	for _, v := range in.codes {
		put(v)
	}
	if in.place.service == Checkout {
		count := 0.0
		for _, v := range in.bucket {
			count += v
			put(count)
		}
		put(in.sum)
		put(count)
	}
	if in.took != nil {
		series[n].Histogram = in.took.histogram()
		n++
	}
	return n
}

func formatBound(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
