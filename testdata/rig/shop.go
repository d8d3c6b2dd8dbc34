package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Shop is an instrumented HTTP service with customers. While it is broken it
// answers every request late and with 500.
type Shop struct {
	// Target is host:port of its /metrics.
	Target string

	server   *httptest.Server
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
	broken   atomic.Bool
	traces   atomic.Int64
	firstBad atomic.Int64 // wall time, ns
}

// slow is how long the broken shop takes; the histogram's edge below it is 0.1 s.
const slow = 150 * time.Millisecond

// NewShop opens a shop that closes with the test. As most services do, it shows
// no counter of failed requests before the first one fails.
func NewShop(t testing.TB) *Shop {
	s := &Shop{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer.",
			Buckets: []float64{0.05, 0.1, 0.25, 1},
		}),
	}
	s.registry.MustRegister(s.requests, s.seconds)
	s.requests.WithLabelValues("200")

	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("/buy", s.buy)
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	s.Target = strings.TrimPrefix(s.server.URL, "http://")
	return s
}

func (s *Shop) buy(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	code := "200"
	if s.broken.Load() {
		time.Sleep(slow)
		code = "500"
		s.firstBad.CompareAndSwap(0, time.Now().UnixNano())
		w.WriteHeader(http.StatusInternalServerError)
	}
	trace := prometheus.Labels{"trace_id": fmt.Sprintf("%032x", s.traces.Add(1))}
	s.requests.WithLabelValues(code).(prometheus.ExemplarAdder).AddWithExemplar(1, trace)
	s.seconds.Observe(time.Since(begin).Seconds())
}

// Break makes every answer from now on a bad one; Heal ends that.
func (s *Shop) Break() { s.broken.Store(true) }

// Heal makes every answer from now on a good one.
func (s *Shop) Heal() { s.broken.Store(false) }

// FirstBad is when the first bad answer was given.
func (s *Shop) FirstBad() time.Time { return time.Unix(0, s.firstBad.Load()) }

// Serve sends the shop so many customers a second until ctx ends, and returns
// when all have been answered.
func (s *Shop) Serve(ctx context.Context, perSecond int) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var inside sync.WaitGroup
	defer inside.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		inside.Go(func() {
			resp, err := s.server.Client().Get(s.server.URL + "/buy")
			if err != nil {
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		})
	}
}

// Truth is what the shop itself has counted.
type Truth struct {
	Total, Failed float64 // requests, and those answered with 500
	Slow          float64 // requests that took longer than 0.1 s
}

// Truth reads the shop's own counters.
func (s *Shop) Truth(t testing.TB) Truth {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatalf("gather the shop's metrics: %v", err)
	}
	var truth Truth
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "http_requests_total":
				truth.Total += m.GetCounter().GetValue()
				if m.GetLabel()[0].GetValue() == "500" {
					truth.Failed += m.GetCounter().GetValue()
				}
			case "http_request_duration_seconds":
				truth.Slow += float64(m.GetHistogram().GetSampleCount())
				for _, b := range m.GetHistogram().GetBucket() {
					if b.GetUpperBound() == 0.1 {
						truth.Slow -= float64(b.GetCumulativeCount())
					}
				}
			}
		}
	}
	return truth
}
