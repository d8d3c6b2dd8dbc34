package rules

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Observe says that the source of a series got a sample with event time t, ms, that
// this engine was not given: engines that share the objectives of one source close
// its slots alike.
func (e *Engine) Observe(lset labels.Labels, t int64) {
	e.mu.Lock()
	src := e.source(lset)
	e.mu.Unlock()
	src.mu.Lock()
	defer src.mu.Unlock()
	src.arrived = e.opts.Now().UnixMilli()
	src.note(t, e.slot)
}

// Reads are the objectives that read a series.
func (e *Engine) Reads(lset labels.Labels) []*slo.Objective {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []*slo.Objective
	for _, t := range e.index.Match(nil, lset) {
		if n := len(out); n == 0 || out[n-1] != t.obj.Objective {
			out = append(out, t.obj.Objective)
		}
	}
	return out
}
