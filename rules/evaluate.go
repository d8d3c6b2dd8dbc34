package rules

import (
	"slices"
	"time"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

// evaluation is what one budget came to at one slot's end. It is never changed, so
// that readers may hold it.
type evaluation struct {
	ts      int64
	since   int64
	target  float64
	state   slo.State
	windows []slo.Counts // of the budget windows
	hour    slo.Counts
	pairs   []slo.PairStatus
}

// evaluateSource evaluates every budget that the ledgers feed, at each slot from
// first on up to where its sources are closed.
func (e *Engine) evaluateSource(ledgers []*ledger, first, now int64) {
	for chunk := range slices.Chunk(ledgers, sweep) {
		e.mu.RLock()
		for _, l := range chunk {
			e.evaluateFrom(l.budget, first, now)
			for _, c := range l.budget.composites() {
				e.evaluateFrom(c, first, now)
			}
		}
		e.mu.RUnlock()
	}
}

// evaluateFrom evaluates one budget at each slot from first on that it was not yet.
func (e *Engine) evaluateFrom(b *budget, first, now int64) {
	if !b.counting() {
		return
	}
	target := b.due()
	from := max(b.evaluated+e.slot, min(first, target), b.furthestBack())
	for ts := from; ts <= target; ts += e.slot {
		e.evaluate(b, ts, now)
	}
}

// furthestBack is the first slot that memory knows finely enough for all windows. Where
// a source has run ahead of another further than that, those in between are left out:
// they are hours old, or the one behind comes back from a gap that is not closed yet.
func (b *budget) furthestBack() int64 {
	newest := int64(0)
	for _, l := range b.feeds() {
		newest = max(newest, l.hist.End())
	}
	return newest - history.Behind.Milliseconds()
}

// due is the slot up to which a budget can be evaluated: that which all sources
// that are not silent have closed. A source that is catching up holds nothing up
// while another is live.
func (b *budget) due() int64 {
	var live, behind, silent int64 = forever, forever, 0
	for _, l := range b.feeds() {
		switch {
		case l.src.closed == 0:
			// Its rows are there, but not how far it was closed: it holds nothing up.
		case l.src.silent:
			silent = max(silent, l.src.closed)
		case l.src.lagging:
			behind = min(behind, l.src.closed)
		default:
			live = min(live, l.src.closed)
		}
	}
	switch {
	case live != forever:
		return live
	case behind != forever:
		return behind
	}
	return silent
}

// evaluate computes one budget at the slot that ends at ts and advances its alerts.
func (e *Engine) evaluate(b *budget, ts, now int64) {
	b.evaluated = ts
	if e.opts.Lean && e.quiet(b, ts) {
		return
	}
	at := e.reader(b, ts)
	ev := e.evaluation(b, b.targetAt(ts), ts, at)
	b.last.Store(ev)
	e.metrics.evaluations.Inc()
	if b.alertsHere() {
		e.advance(b, ev, at, ts, now)
	}
}

func (e *Engine) evaluation(b *budget, target float64, ts int64, at slo.At) *evaluation {
	ev := &evaluation{ts: ts, since: b.since(), target: target, hour: at(slo.Rolling(time.Hour))}
	ev.pairs = slo.AppendPairs(nil, b.def.Rules, target, at)
	ev.state = slo.StateAt(b.def, ev.pairs, at)
	ev.windows = make([]slo.Counts, len(b.obj.Windows))
	for i, w := range b.obj.Windows {
		ev.windows[i] = at(w)
	}
	return ev
}

// newest is the budget's newest evaluation, inside an open slot if that is newer.
func (b *budget) newest() *evaluation {
	ev := b.last.Load()
	if early := b.early.Load(); early != nil && (ev == nil || early.ts > ev.ts) {
		return early
	}
	return ev
}

// reader gives a budget's counts over the windows that end at ts, each read once.
func (e *Engine) reader(b *budget, ts int64) slo.At {
	type memo struct {
		w slo.Window
		c slo.Counts
	}
	var seen [12]memo
	n := 0
	return func(w slo.Window) slo.Counts {
		for i := range n {
			if seen[i].w == w {
				return seen[i].c
			}
		}
		c := b.counts(w.Start(ts, e.opts.Slot), ts, e.slot, withLate(w))
		if n < len(seen) {
			seen[n] = memo{w, c}
			n++
		}
		return c
	}
}

// withLate says whether a window takes in events that arrived after their slot had
// closed: alert windows under 6 h do not.
func withLate(w slo.Window) bool { return w.Calendar != "" || w.Length >= history.LateWindow }

// targetAt is the budget's target in force at ts.
func (b *budget) targetAt(ts int64) float64 {
	v := b.versions
	for i := len(v) - 1; i > 0; i-- {
		if v[i].From <= ts {
			return v[i].Target
		}
	}
	if len(v) > 0 {
		return v[0].Target
	}
	return b.def.Target
}
