package rules

import (
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// Switched says that another replica of a source was elected, before any sample of
// it is appended.
func (e *Engine) Switched(source string) {
	e.mu.RLock()
	src := e.sources[source]
	e.mu.RUnlock()
	if src == nil {
		return // nothing reads it yet
	}
	src.mu.Lock()
	src.switches++
	src.mu.Unlock()
}

// Counter says whether the series that Bind gave ref to is counted by what it gains,
// so that its fall is a reset. known is false if only queries read it.
func (e *Engine) Counter(ref storage.SeriesRef) (is, known bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := e.lookup(ref)
	if s == nil {
		return false, false
	}
	s.src.mu.Lock()
	defer s.src.mu.Unlock()
	for i := range s.bound {
		if s.bound[i].term.Kind != slo.GaugeSlices {
			return true, true
		}
	}
	return false, len(s.bound) > 0
}
