package rules

import "github.com/slowburn/slowburn/slo"

// quiet says whether nothing can come of evaluating a budget at ts: it has no alert
// that is pending or firing, and no pair's short window burns fast enough to begin
// one. That takes half the reads of a whole evaluation.
func (e *Engine) quiet(b *budget, ts int64) bool {
	if !b.alertsHere() {
		return true
	}
	for _, a := range b.alerts {
		if a != nil {
			return false
		}
	}
	target := e.targetAt(b.obj, ts)
	for i := range b.obj.Rules {
		for _, p := range b.obj.Rules[i].Pairs {
			w := slo.Rolling(p.Short)
			if b.counts(w.Start(ts, e.opts.Slot), ts, e.slot, withLate(w)).BurnRate(target) > p.Factor {
				return false
			}
		}
	}
	return true
}

// Refresh evaluates every budget at its newest slot, which a Lean engine may have
// left out.
func (e *Engine) Refresh() {
	e.tick.Lock()
	defer e.tick.Unlock()
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, o := range e.ordered {
		for _, b := range o.budgets {
			if ts := b.evaluated; ts != 0 && b.hasTotal.Load() {
				b.last.Store(e.evaluation(b, e.targetAt(o, ts), ts, e.reader(b, ts)))
			}
		}
	}
}
