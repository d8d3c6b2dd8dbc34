package rules

import (
	"cmp"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// quiet says whether nothing can come of evaluating a budget at ts: it has no alert
// that is pending or firing, and no pair burns fast enough to begin one. Long windows
// are asked first: their starts stay the same for many slots, so that most answers
// are known already.
func (e *Engine) quiet(b *budget, ts int64) bool {
	if !b.alertsHere() {
		return true
	}
	for _, a := range b.alerts {
		if a != nil {
			return false
		}
	}
	target := b.targetAt(ts)
	burn := func(length time.Duration) float64 {
		w := slo.Rolling(length)
		return b.counts(w.Start(ts, e.opts.Slot), ts, e.slot, withLate(w)).BurnRate(target)
	}
	for i := range b.def.Rules {
		for _, p := range b.def.Rules[i].Pairs {
			if burn(p.Long) > p.Factor && burn(p.Short) > p.Factor {
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
		e.refresh(o, 0)
	}
}

// refresh evaluates an objective's budgets at their newest slots, or at ts if they were
// not evaluated yet; 0: then not.
func (e *Engine) refresh(o *objective, ts int64) {
	for _, b := range o.budgets {
		if at := cmp.Or(b.evaluated, ts); at != 0 && b.counting() {
			b.last.Store(e.evaluation(b, b.targetAt(at), at, e.reader(b, at)))
		}
	}
}
