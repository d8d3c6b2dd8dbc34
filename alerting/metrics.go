package alerting

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/slowburn/slowburn/slo"
)

// Reasons of slowburn_alerts_dropped_total.
const (
	// dropRelabel: an alert_relabel_configs rule says so.
	dropRelabel = "relabel"
	// dropResolvedUnsent: it was resolved before the target could be reached.
	dropResolvedUnsent = "resolved_unsent"
	// dropExpired: its resolution could not be delivered for a day.
	dropExpired = "expired"
)

// meters are the package's metrics. Those of one target go when it goes.
type meters struct {
	set *metrics.Set
	log *slog.Logger

	saves, saveErrors, loadErrors *metrics.Counter
	configErrors                  *metrics.Counter

	mu    sync.Mutex
	names map[string]map[string]struct{} // by target
}

func newMeters(set *metrics.Set, log *slog.Logger) *meters {
	return &meters{
		set: set, log: log,
		saves:        set.NewCounter("slowburn_alerts_saves_total"),
		saveErrors:   set.NewCounter("slowburn_alerts_save_errors_total"),
		loadErrors:   set.NewCounter("slowburn_alerts_load_errors_total"),
		configErrors: set.NewCounter("slowburn_alertmanagers_discovery_errors_total"),
		names:        map[string]map[string]struct{}{},
	}
}

// name is the full name of a target's metric, remembered for forget.
func (m *meters) name(target, format string, args ...any) string {
	name := fmt.Sprintf(format, append([]any{target}, args...)...)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[target] == nil {
		m.names[target] = map[string]struct{}{}
	}
	m.names[target][name] = struct{}{}
	return name
}

// forget unregisters the metrics of a target that is gone.
func (m *meters) forget(target string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.names[target] {
		m.set.UnregisterMetric(name)
	}
	delete(m.names, target)
}

func (m *meters) sent(target string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_sent_total{alertmanager=%q}`))
}

// errors counts alerts in requests that failed or were refused.
func (m *meters) errors(target string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_errors_total{alertmanager=%q}`))
}

// retries counts requests that follow a failed or refused one.
func (m *meters) retries(target string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_retries_total{alertmanager=%q}`))
}

func (m *meters) dropped(target, reason string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_dropped_total{alertmanager=%q,reason=%q}`, reason))
}

func (m *meters) quarantined(target string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_quarantined_total{alertmanager=%q}`))
}

// bare counts alerts that were taken only without their annotations.
func (m *meters) bare(target string) *metrics.Counter {
	return m.set.GetOrCreateCounter(m.name(target, `slowburn_alerts_bare_total{alertmanager=%q}`))
}

func (m *meters) latency(target string) *metrics.PrometheusHistogram {
	return m.set.GetOrCreatePrometheusHistogramExt(m.name(target, `slowburn_alerts_send_seconds{alertmanager=%q}`),
		[]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})
}

// watch makes a target's series exist before anything happens, and its gauges.
func (m *meters) watch(t *target) {
	for _, c := range []func(string) *metrics.Counter{m.sent, m.errors, m.retries, m.quarantined, m.bare} {
		c(t.key)
	}
	for _, reason := range []string{dropRelabel, dropResolvedUnsent, dropExpired} {
		m.dropped(t.key, reason)
	}
	m.latency(t.key)
	m.set.GetOrCreateGauge(m.name(t.key, `slowburn_alerts_queue{alertmanager=%q}`),
		func() float64 { return float64(t.queue.Load()) })
	m.set.GetOrCreateGauge(m.name(t.key, `slowburn_alerts_quarantined{alertmanager=%q}`),
		func() float64 { return float64(t.quarantined.Load()) })
	m.set.GetOrCreateGauge(m.name(t.key, `slowburn_alertmanager_clock_offset_seconds{alertmanager=%q}`), func() float64 {
		t.table.mu.Lock()
		defer t.table.mu.Unlock()
		return t.clock.off(time.Now()).Seconds()
	})
	m.set.GetOrCreateGauge(m.name(t.key, `slowburn_alertmanager_up{alertmanager=%q}`), func() float64 {
		t.table.mu.Lock()
		defer t.table.mu.Unlock()
		if t.failing || t.answered.IsZero() {
			return 0
		}
		return 1
	})
}

// register adds the gauges over all targets.
func (m *Manager) register() {
	m.met.set.NewGauge("slowburn_alertmanagers_discovered", func() float64 { return float64(len(m.Alertmanagers().Active)) })
	m.met.set.NewGauge("slowburn_alertmanagers_dropped", func() float64 { return float64(len(m.Alertmanagers().Dropped)) })
	for _, state := range []slo.AlertState{slo.AlertFiring, slo.AlertResolved} {
		m.met.set.NewGauge(fmt.Sprintf(`slowburn_alerts{state=%q}`, state), func() float64 {
			m.table.mu.Lock()
			defer m.table.mu.Unlock()
			n := 0
			for _, it := range m.table.items {
				if it.alert.State == state {
					n++
				}
			}
			return float64(n)
		})
	}
}
