package derive

import "github.com/slowburn/slowburn/slo"

// stateCurve holds a budget's states over a stretch of slots. The five series of
// slo_budget_state share it.
type stateCurve struct {
	first, step int64 // ms
	states      []slo.State
}

func (s *stateCurve) at(ts int64) slo.State { return s.states[(ts-s.first)/s.step] }

// state is the budget's state at ts: no-data where the ledger has no row.
func (e *evaluation) state() slo.State {
	if e.states != nil {
		return e.states.at(e.ts)
	}
	if e.i < 0 || e.curve.ts[e.i] != e.ts || !e.curve.row[e.i] {
		return slo.StateNoData
	}
	e.pairs = slo.AppendPairs(e.pairs[:0], e.entry.Objective.Rules, e.target(), e.counts)
	return slo.StateAt(e.entry.Objective, e.pairs, e.counts)
}

// prepareStates computes all states of the timeline at once, or takes those another
// series of the budget computed.
func (e *evaluation) prepareStates(tl *timeline) {
	c := e.curve
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.states; s != nil && s.first == tl.first && len(s.states) >= tl.n {
		e.states = s
		return
	}
	s := &stateCurve{first: tl.first, step: tl.step, states: make([]slo.State, tl.n)}
	for k := range tl.n {
		tl.locate(k, e)
		s.states[k] = e.state()
	}
	c.states, e.states = s, s
}
