package shop

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Regions the shop stands in.
const (
	EU = "eu-west"
	US = "us-east"
)

// Services of the shop.
const (
	Checkout = "checkout"
	Search   = "search"
	Login    = "login"
)

// instancesPerRegion is how many instances each service has in a region.
const instancesPerRegion = 2

// Options say which shop it is.
type Options struct {
	// Seed makes two shops alike.
	Seed uint64
	// Incidents are the faults of its past.
	Incidents []Incident
	// External are the labels that its Prometheus puts on everything it sends.
	External labels.Labels
}

// Shop counts requests. It is safe for concurrent use.
type Shop struct {
	mu        sync.Mutex
	random    *rand.Rand
	incidents []Incident
	broken    map[place]float64 // share of requests that fail, by place
	instances []*instance
	series    []Series
	now       int64 // ms, up to which requests were counted
}

// Series is one time series of the shop, with what it came to.
type Series struct {
	Labels labels.Labels
	Value  float64
	// Histogram is set instead of Value for a native histogram. It is never changed.
	Histogram *histogram.Histogram
}

// place is a service in a region.
type place struct{ service, region string }

// New opens a shop at start, ms: its counters are 0 then.
func New(start int64, o Options) (*Shop, error) {
	s := &Shop{
		random:    rand.New(rand.NewPCG(o.Seed, 1)),
		incidents: o.Incidents,
		broken:    map[place]float64{},
		now:       start,
	}
	for _, i := range o.Incidents {
		if err := i.validate(); err != nil {
			return nil, err
		}
	}
	for _, service := range []string{Checkout, Search, Login} {
		for _, region := range []string{EU, US} {
			for n := range instancesPerRegion {
				in := newInstance(place{service, region}, fmt.Sprintf("%s-%s-%d:8080", service, region, n+1), o.External)
				s.instances = append(s.instances, in)
				s.series = append(s.series, in.series()...)
			}
		}
	}
	return s, nil
}

// Scrape counts the requests of the time up to ts, ms, and returns every series as
// of then, always in the same order. The slice is valid until the next call. Time
// never goes back.
func (s *Shop) Scrape(ts int64) []Series {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ts > s.now {
		s.serve(s.now, ts)
		s.now = ts
	}
	n := 0
	for _, in := range s.instances {
		n += in.read(s.series[n:])
	}
	return s.series
}

// serve counts the requests of (from, to].
func (s *Shop) serve(from, to int64) {
	seconds := float64(to-from) / 1000
	for _, in := range s.instances {
		rate := perSecond(in.place, from+(to-from)/2) / instancesPerRegion
		// No two minutes are alike.
		in.serve(rate*seconds*(0.9+0.2*s.random.Float64()), s.failing(in.place, from, to))
	}
}

// Break lets share (0–1) of the requests to a service in a region fail from now on;
// 0 heals it.
func (s *Shop) Break(service, region string, share float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if share <= 0 {
		delete(s.broken, place{service, region})
		return
	}
	s.broken[place{service, region}] = min(1, share)
}

// Counts are how many requests a service answered in a region since the shop
// opened, and how many of them with a server error: the truth that budgets are
// compared with. An empty region is all of them.
func (s *Shop) Counts(service, region string) (bad, total float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.instances {
		if in.place.service == service && (region == "" || in.place.region == region) {
			bad += in.codes[serverError]
			for _, n := range in.codes {
				total += n
			}
		}
	}
	return bad, total
}

// millis is a duration in ms.
func millis(d time.Duration) int64 { return d.Milliseconds() }
