package replay

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Alert is one that would have been sent.
type Alert struct {
	Labels labels.Labels
	// Objective and Groups say whose budget burns, Pair which windows; they are empty
	// for alerts on missing data and lagging sources.
	Objective *slo.Objective
	Groups    labels.Labels
	Severity  string
	Pair      slo.Pair
	// Onset is when the episode began: the start of its first bad slot. FiredAt is
	// when the alert began to fire and ResolvedAt when it ended, 0 while it fires at
	// the end; event times, ms. Onset is 0 if no single slot burned as fast as the pair.
	Onset, FiredAt, ResolvedAt int64
	// Burn is the long window's burn rate at FiredAt, Remaining what was left of the
	// budget then, a ratio.
	Burn, Remaining float64
}

// pager takes the engine's alerts, as Alertmanager would.
type pager struct {
	lane   *lane
	firing map[string]*Alert
	all    []*Alert
	fresh  bool // some were not looked at yet
}

func newPager(l *lane) *pager { return &pager{lane: l, firing: map[string]*Alert{}} }

// notify takes the level of all alerts. The engine calls it within a tick.
func (p *pager) notify(level []slo.Alert) {
	for i := range level {
		a := &level[i]
		name := a.Labels.Get(labels.AlertName)
		if name == slo.AlertWatchdog {
			continue
		}
		key := a.Labels.String()
		known := p.firing[key]
		switch {
		case a.FiredAt > p.lane.feed.opts.End:
			// The silence after the end is none of the past's.
		case a.State == slo.AlertFiring && known == nil:
			known = &Alert{Labels: a.Labels, Severity: a.Labels.Get("severity"), FiredAt: a.FiredAt}
			p.firing[key] = known
			p.all = append(p.all, known)
			p.fresh = true
		case a.State == slo.AlertResolved && known != nil:
			known.ResolvedAt = a.ResolvedAt
			delete(p.firing, key)
		}
	}
}

// look completes the alerts of the last tick with the engine's figures.
func (p *pager) look() {
	if !p.fresh {
		return
	}
	p.fresh = false
	for _, f := range p.lane.engine.Firing() {
		a := p.firing[f.Labels.String()]
		if a == nil || a.Objective != nil {
			continue
		}
		a.Objective, a.Groups, a.Severity, a.Pair = f.Objective, f.Groups, f.Severity, f.Pair
		a.Burn, a.Remaining = f.Burn, f.Remaining
		o := p.lane.ledger.onset(f.Objective.BudgetLabels(f.Groups))
		o.waiting = append(o.waiting, a)
	}
}

func (p *pager) sent() []Alert {
	out := make([]Alert, 0, len(p.all))
	for _, a := range p.all {
		out = append(out, *a)
	}
	return out
}
