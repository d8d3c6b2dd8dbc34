package replay

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// budgetOnset notes when each episode of one budget began. An episode of a pair
// begins with the first bad slot since which more events were bad than the pair's
// factor allows, and ends when that excess is used up again. So stray errors begin
// none, and a fault begins one at once. The excess is bounded by what the short
// window allows: then an episode ends about a short window after its fault, as the
// pair does.
type budgetOnset struct {
	slot    int64 // ms
	pairs   []pairOnset
	open    slotCount
	waiting []*Alert // until their slot is complete
}

type pairOnset struct {
	slo.Pair
	allowed float64 // share of events that may be bad at the pair's factor
	excess  float64 // bad events beyond it since begun
	begun   int64   // start of the episode's first slot, ms; 0: none
	last    int64   // end of the newest slot with events, ms
}

// slotCount is the events of one slot, of all sources.
type slotCount struct {
	end        int64
	bad, total float64
}

func newBudgetOnset(def *slo.Objective, slot time.Duration) *budgetOnset {
	o := &budgetOnset{slot: slot.Milliseconds()}
	for i := range def.Rules {
		for _, p := range def.Rules[i].Pairs {
			o.pairs = append(o.pairs, pairOnset{Pair: p, allowed: p.Factor * def.Allowed()})
		}
	}
	return o
}

// count adds the events of the slot that ends at end.
func (o *budgetOnset) count(end int64, bad, total float64) {
	if end != o.open.end {
		if end < o.open.end {
			// A source that lags: its slot stands for itself.
			o.note(slotCount{end, bad, total})
			return
		}
		o.settle()
		o.open = slotCount{end: end}
	}
	o.open.bad += bad
	o.open.total += total
}

// settle completes the newest slot and answers those that waited for it.
func (o *budgetOnset) settle() {
	o.note(o.open)
	kept := o.waiting[:0]
	for _, a := range o.waiting {
		if slo.SlotEnd(a.FiredAt, time.Duration(o.slot)*time.Millisecond) > o.open.end {
			kept = append(kept, a)
			continue
		}
		for _, p := range o.pairs {
			if p.Pair == a.Pair && p.begun != 0 && p.begun < a.FiredAt {
				a.Onset = p.begun
			}
		}
	}
	o.waiting = kept
}

func (o *budgetOnset) note(c slotCount) {
	if c.bad <= 0 && c.total <= 0 {
		return
	}
	for i := range o.pairs {
		p := &o.pairs[i]
		if c.end-p.last > p.Short.Milliseconds() {
			p.excess, p.begun = 0, 0
		}
		p.last = max(p.last, c.end)
		allowed := p.allowed * max(c.total, c.bad)
		bound := allowed * float64(p.Short.Milliseconds()/o.slot)
		p.excess = min(p.excess+c.bad-allowed, max(bound, c.bad-allowed))
		switch {
		case p.excess <= 0:
			p.excess, p.begun = 0, 0
		case p.begun == 0:
			p.begun = c.end - o.slot
		}
	}
}
