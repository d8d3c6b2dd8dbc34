package rules

import (
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// evaluateEarly looks at the ledgers that got bad events in slots still open and
// fires what holds even under the worst completion: the bad events seen so far
// against the total that the recent rate leads one to expect.
func (e *Engine) evaluateEarly(sources []*source, now int64) {
	for _, src := range sources {
		src.mu.Lock()
		dirty := src.dirty
		src.dirty = nil
		for _, l := range dirty {
			l.dirty = false
		}
		lagging := src.behind(now, &e.opts)
		newest := src.ahead
		src.mu.Unlock()
		if lagging {
			continue
		}
		e.mu.RLock()
		for _, l := range dirty {
			b := l.budget
			if !b.hasTotal.Load() || b.obj.partsApart() {
				continue
			}
			if b.alertsHere() {
				e.early(b, newest, now)
			}
			for _, c := range b.composites() {
				if !c.obj.partsApart() {
					e.early(c, newest, now)
				}
			}
		}
		e.mu.RUnlock()
	}
}

// partsApart says whether bad is a difference of terms that may arrive apart: then
// what an open slot shows as bad may be good events still on their way.
func (o *objective) partsApart() bool {
	if o.SLI.Slice.Length > 0 {
		return true // nothing is bad before its slice has ended
	}
	if slices.ContainsFunc(o.parts, func(part *objective) bool { return part == nil || part.partsApart() }) {
		return true
	}
	return slices.ContainsFunc(o.SLI.Counted(), func(t slo.Term) bool { return t.Bad < 0 || t.Total < 0 })
}

// early evaluates the rules of one budget at each of its open slots that holds
// something and fires those that hold already, at the first: since when does not depend
// on how much had arrived when the engine looked. It never ends anything.
func (e *Engine) early(b *budget, newest, now int64) {
	if !b.mayFire() {
		return
	}
	last := slotEnd(newest, e.slot)
	ends := []int64{last}
	for _, l := range b.feeds() {
		l.src.mu.Lock()
		for i := range l.open {
			ends = append(ends, min(l.open[i].end, last))
		}
		l.src.mu.Unlock()
	}
	slices.Sort(ends)
	for _, ts := range slices.Compact(ends) {
		if ts > b.evaluated && b.mayFire() {
			e.earlyAt(b, ts, min(ts, newest), now)
		}
	}
}

// mayFire says that some rule's alert does not fire yet.
func (b *budget) mayFire() bool {
	return slices.ContainsFunc(b.alerts, func(a *alertState) bool { return a == nil || a.State != slo.AlertFiring })
}

// earlyAt evaluates at the open slot that ends at ts, of which the samples up to newest
// may have arrived.
func (e *Engine) earlyAt(b *budget, ts, newest, now int64) {
	ev := e.evaluation(b, b.targetAt(ts), ts, e.openReader(b, ts))
	k := 0
	for i := range b.def.Rules {
		r := &b.def.Rules[i]
		c := condition{}
		for j := range r.Pairs {
			if st := ev.pairs[k]; st.Holds && !c.holds {
				c = condition{holds: true, pair: j, value: st.LongBurn}
			}
			k++
		}
		if a := b.alerts[i]; c.holds && (a == nil || a.State != slo.AlertFiring) {
			ev.ts = newest
			b.early.Store(ev)
			e.step(b, i, c, newest, now)
			e.metrics.early.Inc()
		}
	}
}

// openReader gives a budget's counts over windows that end at ts, which no source has
// closed yet.
func (e *Engine) openReader(b *budget, ts int64) slo.At {
	if b.obj.SLI.Composite() {
		return func(w slo.Window) slo.Counts {
			return b.composed(func(part *budget) slo.Counts { return e.openReader(part, ts)(w) })
		}
	}
	open := e.openCounts(b, ts)
	return func(w slo.Window) slo.Counts {
		c := b.counts(w.Start(ts, e.opts.Slot), ts, e.slot, withLate(w))
		c.Bad += open.Bad
		c.Total += open.Total
		// Scrapes of open slots are still arriving: they are not missing.
		c.Observed += open.Observed
		return c
	}
}

// openCounts are the events in the open slots up to ts under the worst completion:
// total is at least what the rate of the last 5 min leads one to expect until ts.
func (e *Engine) openCounts(b *budget, ts int64) slo.Counts {
	var c slo.Counts
	for _, l := range b.ledgers {
		closed := l.hist.End()
		if closed == 0 || closed >= ts {
			continue
		}
		recent := l.hist.Sum().Sub(l.hist.At(slo.Rolling(5*time.Minute).Start(closed, e.opts.Slot)))
		seconds := min(300, float64(closed-l.hist.First())/1000)
		expected := 0.0
		if seconds > 0 {
			expected = recent.Total / seconds * float64(ts-closed) / 1000
		}
		bad, total := l.openSums(ts)
		c.Bad += bad
		c.Total += max(total, expected)
		c.Observed += float64(l.expect) / 1e6 * float64((ts-closed)/e.slot)
	}
	return c
}

// openSums weighs the on-time events in the open slots up to ts.
func (l *ledger) openSums(ts int64) (bad, total float64) {
	l.src.mu.Lock()
	defer l.src.mu.Unlock()
	for i := range l.open {
		s := &l.open[i]
		if s.end > ts {
			break
		}
		bad += s.base.bad
		total += s.base.total
		for k := range l.budget.obj.SLI.Counted() {
			t := &l.budget.obj.SLI.Counted()[k]
			bad += t.Bad * s.sums[k]
			total += t.Total * s.sums[k]
		}
	}
	return bad, total
}
