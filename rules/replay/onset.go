package replay

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// budgetOnset notes when each episode of one budget began. An episode of a pair
// begins with the first slot that by itself burns faster than the pair's factor, and
// ends when no such slot comes for as long as the pair's short window.
type budgetOnset struct {
	slot    int64 // ms
	pairs   []pairOnset
	open    slotCount
	waiting []*Alert // until their slot is complete
}

type pairOnset struct {
	slo.Pair
	target float64
	begun  int64 // start of the episode's first slot, ms; 0: none
	last   int64 // end of the newest slot that burns, ms
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
			o.pairs = append(o.pairs, pairOnset{Pair: p, target: def.Target})
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
	if c.bad <= 0 {
		return
	}
	burn := slo.Counts{Bad: c.bad, Total: max(c.total, c.bad)}
	for i := range o.pairs {
		p := &o.pairs[i]
		if burn.BurnRate(p.target) <= p.Factor {
			continue
		}
		if p.begun == 0 || c.end-p.last > p.Short.Milliseconds() {
			p.begun = c.end - o.slot
		}
		p.last = max(p.last, c.end)
	}
}
