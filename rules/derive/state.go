package derive

import (
	"slices"

	"github.com/slowburn/slowburn/slo"
)

// stateCurve holds a budget's states over a stretch of slots, as far as they were asked
// for. The five series of slo_budget_state share it.
type stateCurve struct {
	first, step int64 // ms
	// known are 1 + the place in slo.States, or 0.
	known []uint8
}

// state is the budget's state at ts.
func (e *evaluation) state() slo.State {
	known := &e.states.known[(e.ts-e.states.first)/e.states.step]
	if *known == 0 {
		*known = uint8(1 + slices.Index(slo.States, e.computeState()))
	}
	return slo.States[*known-1]
}

// computeState is no-data where the ledger has no row.
func (e *evaluation) computeState() slo.State {
	if e.i < 0 || e.curve.ts[e.i] != e.ts || !e.curve.row[e.i] {
		return slo.StateNoData
	}
	e.pairs = slo.AppendPairs(e.pairs[:0], e.entry.Objective.Rules, e.target(), e.counts)
	return slo.StateAt(e.entry.Objective, e.pairs, e.counts)
}

// shareStates has the timeline's states kept with the curve.
func (e *evaluation) shareStates(tl *timeline) {
	c := e.curve
	if s := c.states; s == nil || s.first != tl.first || len(s.known) < tl.n {
		c.states = &stateCurve{first: tl.first, step: tl.step, known: make([]uint8, tl.n)}
	}
	e.states = c.states
}
