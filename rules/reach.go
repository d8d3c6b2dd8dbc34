package rules

import (
	"slices"
	"time"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

// reachesFurther says whether the new definition needs more of the past than memory
// holds for the present one.
func (o *objective) reachesFurther(def reach) bool {
	if def.longest > o.reach.longest {
		return true
	}
	return slices.ContainsFunc(def.windows, func(w slo.Window) bool {
		return w.Calendar != "" && !slices.ContainsFunc(o.reach.windows, func(have slo.Window) bool {
			return have.Calendar == w.Calendar && have.Zone.String() == w.Zone.String()
		})
	})
}

// held are ledgers as memory had them before their past was read anew.
type held map[*ledger]ledger

// setAside empties the ledgers' past, so that it can be read from the ledger TSDB as
// far back as the new windows reach.
func (e *Engine) setAside(objectives []*objective) held {
	h := held{}
	for _, o := range objectives {
		for _, b := range o.budgets {
			for _, l := range b.ledgers {
				h[l] = ledger{hist: l.hist, cum: l.cum, carry: l.carry, known: l.known, lastData: l.lastData, lateRows: l.lateRows, carryRows: l.carryRows}
				l.hist = o.history(e.opts.Slot)
			}
		}
	}
	return h
}

// putBack restores what reading the past must not change. What was counted but could
// not be written is added to what was read; if reading failed, the past is what it was.
func (h held) putBack(read bool, slot time.Duration) {
	for l, old := range h {
		l.cum, l.carry, l.known, l.lastData, l.lateRows, l.carryRows = old.cum, old.carry, old.known, old.lastData, old.lateRows, old.carryRows
		if !read {
			l.hist = old.hist
			continue
		}
		if end := l.hist.End(); end < old.hist.End() {
			was := history.Sum{}
			if end != 0 {
				was = old.hist.At(end)
			}
			l.hist.Append(old.hist.End(), old.hist.Sum().Sub(was), slot)
		}
	}
}
