package tsdb

import (
	"fmt"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// receiverMetrics are slowburn's own figures about ingest.
type receiverMetrics struct {
	set *metrics.Set

	received, stored            [2]*metrics.Counter // floats, histograms
	dropped                     [reasons]*metrics.Counter
	outOfOrder, lookups         *metrics.Counter
	exemplars, exemplarsDropped *metrics.Counter
	sinkErrors, replicaSwitches *metrics.Counter
	duration                    *metrics.PrometheusHistogram

	mu      sync.Mutex
	elected map[string]string // source to the name of its gauge
}

func newReceiverMetrics(r *Receiver, set *metrics.Set) *receiverMetrics {
	m := &receiverMetrics{set: set, elected: map[string]string{}}
	for i, typ := range []string{"float", "histogram"} {
		m.received[i] = set.GetOrCreateCounter(fmt.Sprintf("slowburn_ingest_samples_received_total{type=%q}", typ))
		m.stored[i] = set.GetOrCreateCounter(fmt.Sprintf("slowburn_ingest_samples_stored_total{type=%q}", typ))
	}
	for i, name := range reasonNames {
		m.dropped[i] = set.GetOrCreateCounter(fmt.Sprintf("slowburn_ingest_samples_dropped_total{reason=%q}", name))
	}
	m.outOfOrder = set.GetOrCreateCounter("slowburn_ingest_samples_out_of_order_total")
	m.lookups = set.GetOrCreateCounter("slowburn_ingest_series_lookups_total")
	m.exemplars = set.GetOrCreateCounter("slowburn_ingest_exemplars_stored_total")
	m.exemplarsDropped = set.GetOrCreateCounter("slowburn_ingest_exemplars_dropped_total")
	m.sinkErrors = set.GetOrCreateCounter("slowburn_ingest_sink_errors_total")
	m.replicaSwitches = set.GetOrCreateCounter("slowburn_ingest_replica_switches_total")
	m.duration = set.GetOrCreatePrometheusHistogramExt("slowburn_ingest_request_duration_seconds",
		[]float64{.001, .0025, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 10})
	set.GetOrCreateGauge("slowburn_ingest_series_cache_entries", func() float64 { return float64(r.cache.size()) })
	set.GetOrCreateGauge("slowburn_ingest_in_flight_bytes", func() float64 { return float64(r.gate.used.Load()) })
	set.GetOrCreateGauge("slowburn_ingest_sources", func() float64 { return float64(len(r.allSources())) })
	set.GetOrCreateGauge("slowburn_ingest_clock_skewed", func() float64 { return float64(btoi(r.ClockSkewed())) })
	return m
}

// codes are the answers there are; others are counted as such.
var codes = map[int]string{204: "204", 400: "400", 405: "405", 413: "413", 415: "415", 503: "503"}

// request counts one answer.
func (m *receiverMetrics) request(v2 bool, code int, took time.Duration) {
	protocol := "1.0"
	if v2 {
		protocol = "2.0"
	}
	m.set.GetOrCreateCounter(fmt.Sprintf("slowburn_ingest_requests_total{protocol=%q,code=%q}", protocol, orDefault(codes[code], "other"))).Inc()
	m.duration.Update(took.Seconds())
}

// batch counts what became of one request's samples.
func (m *receiverMetrics) batch(b *batch, v *verdict) {
	m.received[0].Add(len(b.samples))
	m.received[1].Add(len(b.hists))
	for i, n := range v.stored {
		m.stored[i].Add(n)
	}
	for why, n := range v.counts {
		if n > 0 {
			m.dropped[why].Add(n)
		}
	}
	m.exemplars.Add(v.exemplars)
}

// elect shows who is elected: one gauge per source is 1.
func (m *receiverMetrics) elect(source, replica string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.elected[source]; old != "" {
		m.set.UnregisterMetric(old)
		m.replicaSwitches.Inc()
	}
	name := fmt.Sprintf("slowburn_ingest_elected_replica{source=%q,replica=%q}", source, replica)
	m.elected[source] = name
	m.set.GetOrCreateGauge(name, func() float64 { return 1 })
}
