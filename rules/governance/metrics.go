package governance

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/slowburn/slowburn/slo/govern"
)

// bookMetrics are what the book counts of itself.
type bookMetrics struct {
	set *metrics.Set
	// saveErrors are changes that the store refused; readErrors are counts and
	// versions that could not be read.
	saveErrors, readErrors *metrics.Counter
}

func newMetrics(set *metrics.Set, b *Book) *bookMetrics {
	set.NewGauge("slowburn_releases", func() float64 {
		b.mu.RLock()
		defer b.mu.RUnlock()
		return float64(len(b.releases))
	})
	return &bookMetrics{
		set:        set,
		saveErrors: set.NewCounter("slowburn_governance_save_errors_total"),
		readErrors: set.NewCounter("slowburn_governance_read_errors_total"),
	}
}

// count counts what was done, by action.
func (m *bookMetrics) count(c *change) {
	for i := range c.entries {
		m.set.GetOrCreateCounter(fmt.Sprintf(`slowburn_governance_actions_total{action=%q}`, c.entries[i].Action)).Inc()
	}
}

// answered counts the gate's answers.
func (m *bookMetrics) answered(v govern.Verdict) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`slowburn_gate_answers_total{verdict=%q}`, v)).Inc()
}

// refused counts requests that could not be done.
func (m *bookMetrics) refused(err *govern.Error) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`slowburn_governance_refused_total{code=%q}`, err.Code)).Inc()
}
