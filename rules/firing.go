package rules

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Firing is a burn alert that fires and was told of, with the figures that its
// annotations round.
type Firing struct {
	Labels    labels.Labels
	Objective *slo.Objective
	Groups    labels.Labels
	Severity  string
	// Pair is the one that holds, or held last.
	Pair slo.Pair
	// FiredAt, and TS, the evaluation behind the figures, are event times, ms.
	FiredAt, TS int64
	// Burn is the burn rate of the pair's long window, Remaining what is left of the
	// first budget window, a ratio.
	Burn, Remaining float64
}

// Firing are the burn alerts that fire as of the last tick. It waits for a tick
// that runs.
func (e *Engine) Firing() []Firing {
	e.tick.Lock()
	defer e.tick.Unlock()
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []Firing
	for a := range e.alerts.all {
		if a.State != slo.AlertFiring || !a.Published || a.budget == nil || a.rule < 0 {
			continue
		}
		r := &a.budget.def.Rules[a.rule]
		f := Firing{
			Labels: a.Labels, Objective: a.budget.def, Groups: a.budget.groups,
			Severity: r.Severity, Pair: r.Pairs[min(a.Pair, len(r.Pairs)-1)], FiredAt: a.FiredAt, Burn: a.Value,
		}
		if ev := a.budget.newest(); ev != nil && len(ev.windows) > 0 {
			f.TS, f.Remaining = ev.ts, ev.windows[0].Remaining(ev.target)
		}
		out = append(out, f)
	}
	return out
}
