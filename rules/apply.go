package rules

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/rules/trace"
	"github.com/slowburn/slowburn/slo"
)

// Apply puts a new set of objectives in force: at start, and on reload. What stays
// the same keeps its ledgers and alerts; a changed target, window, tier, owner or
// label is dated and keeps the ledger; a changed SLI begins a new generation whose
// counts add to the old one's. Samples are not lost in between.
func (e *Engine) Apply(ctx context.Context, objectives []*slo.Objective) error {
	e.tick.Lock()
	defer e.tick.Unlock()
	if e.stored.blank {
		e.stored.blank = false
		found, err := e.rebuildRecords(ctx, objectives)
		if err != nil {
			return err
		}
		e.outset = !found
	}
	past, err := e.withPast(objectives)
	if err != nil {
		return err
	}
	fresh, longer := e.swap(objectives, past)
	if !e.restored.Load() {
		return nil // Restore reads the ledgers of all objectives at once
	}
	held := e.setAside(longer)
	err = e.loadLedgers(ctx, append(fresh, longer...), nil)
	held.putBack(err == nil, e.opts.Slot)
	if saveErr := e.records.save(); err == nil {
		err = saveErr
	}
	return err
}

// swap replaces the objectives and binds every series anew. It returns those whose
// past has to be read from the ledger: those that are new, and those with windows
// that reach further than before. Those in past wait for theirs.
func (e *Engine) swap(objectives []*slo.Objective, past map[string]bool) (fresh, longer []*objective) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, src := range e.sources {
		src.mu.Lock()
		defer src.mu.Unlock()
	}
	ts, dated := e.dataTime()
	e.outset = e.outset && !dated
	reach := reaches(objectives)
	old := e.objectives
	e.objectives = make(map[string]*objective, len(objectives))
	e.ordered = e.ordered[:0:0]
	for _, def := range objectives {
		o := old[def.ID()]
		delete(old, def.ID())
		if o == nil {
			o = &objective{budgets: map[string]*budget{}}
			o.record = e.known[def.ID()]
			if o.record != nil && o.record.Since == forever {
				o.record.Since, o.record.Outset = ts, false
			}
			fresh = append(fresh, o)
		} else if o.reachesFurther(reach[def.ID()]) {
			longer = append(longer, o)
		}
		o.reach = reach[def.ID()]
		e.change(o, def, ts)
		if past[def.ID()] {
			o.record.awaitPast(e.pastEnd(def))
		}
		e.objectives[def.ID()] = o
		e.ordered = append(e.ordered, o)
	}
	for _, o := range old {
		e.retire(o)
	}
	for id, r := range e.known {
		if e.objectives[id] == nil && r.Since != forever {
			// Nobody looks at its series from here on.
			r.Since = forever
			e.records.setObjective(id, r)
		}
	}
	e.index = newIndex(e.ordered)
	e.evidence = trace.NewIndex(objectives)
	e.compose()
	e.untell()
	for _, s := range e.series {
		if s != nil {
			e.attach(s, e.index.Match(nil, s.lset))
		}
	}
	e.catalogue.Store(nil)
	e.alerts.changed = true
	return fresh, longer
}

// dataTime is the event time at which a change comes into force: the newest closed
// slot; or, if dated is false, wall time before any data.
func (e *Engine) dataTime() (ts int64, dated bool) {
	for _, src := range e.sources {
		ts = max(ts, src.closed)
	}
	if ts == 0 {
		return slotEnd(e.opts.Now().UnixMilli(), e.slot) - e.slot, false
	}
	return ts, true
}

// change gives an objective its new definition.
func (e *Engine) change(o *objective, def *slo.Objective, ts int64) {
	prev := o.Objective
	o.Objective = def
	meaning := def.Meaning()
	changed := false
	ts = o.record.notBefore(ts)
	switch {
	case o.record == nil:
		o.record = &ObjectiveRecord{}
		o.record.begin(meaning, math.MinInt64)
		o.record.Since, o.record.Outset = ts, e.outset
		changed = true
	case o.record.Meaning != meaning:
		o.record.begin(meaning, ts)
		o.record.Since, o.record.Outset = ts, false
		if o.record.Until != 0 {
			o.record.awaitPast(e.pastEnd(def)) // what was waited for would have another meaning
		}
		changed = true
		if prev != nil {
			e.regenerate(o, prev)
			e.forgetQueries(o)
		}
	}
	v := def.Version(ts)
	if n := len(o.record.Versions); n == 0 || !o.record.Versions[n-1].Same(v) {
		// A copy: readers of the catalogue hold the old slice.
		o.record.Versions = append(slices.Clone(o.record.Versions), v)
		changed = true
	}
	if changed {
		e.known[def.ID()] = o.record
		e.records.setObjective(def.ID(), o.record)
	}
	for _, b := range o.budgets {
		b.labels = def.BudgetLabels(b.groups)
		before := b.def
		b.define()
		b.realign(e, before, b.def)
	}
	e.rollUp(o) // is there from the first moment, so that what has no data is seen
}

// dateBack has what was in force before anything had arrived in force since from, where
// a source begins with a backlog: it was dated by the wall clock.
func (e *Engine) dateBack(from int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range e.ordered {
		if r := o.record; r.Outset && r.Versions[0].From > from {
			r.Versions = slices.Clone(r.Versions) // readers of the catalogue hold the old one
			r.Versions[0].From = from
			e.records.setObjective(o.ID(), r)
			for _, b := range o.budgets {
				b.versions = slo.VersionsFor(r.Versions, b.groups)
			}
			e.catalogue.Store(nil)
		}
	}
}

// realign keeps the alerts of those severities that still exist.
func (b *budget) realign(e *Engine, prev, def *slo.Objective) {
	old := b.alerts
	b.alerts = make([]*alertState, len(def.Rules))
	for i, a := range old {
		if a == nil {
			continue
		}
		j := slices.IndexFunc(def.Rules, func(r slo.Rule) bool {
			return r.ID() == prev.Rules[i].ID() && r.AlertName == prev.Rules[i].AlertName
		})
		if j < 0 {
			e.alerts.remove(a)
			e.records.delAlert(a.key)
			continue
		}
		a.rule = j
		b.alerts[j] = a
	}
}

// regenerate turns the open slots' counts, made by the old SLI, into weighed events
// and begins the ledgers at zero. Groups that the new SLI cannot form are dropped.
func (e *Engine) regenerate(o *objective, prev *slo.Objective) {
	regrouped := !slices.Equal(prev.SLI.By, o.SLI.By)
	for key, b := range o.budgets {
		if regrouped && !b.groups.IsEmpty() {
			e.drop(b)
			delete(o.budgets, key)
			if !b.overflow() {
				o.groups--
			}
			continue
		}
		for _, l := range b.ledgers {
			for i := range l.open {
				s := &l.open[i]
				for k := range prev.SLI.Counted() {
					t := &prev.SLI.Counted()[k]
					s.base.bad += t.Bad * s.sums[k]
					s.base.total += t.Total * s.sums[k]
					if s.late != nil {
						s.base.lateBad += t.Bad * s.late[k]
						s.base.lateTotal += t.Total * s.late[k]
					}
				}
				s.sums = make([]float64, len(o.SLI.Counted()))
				s.late = nil
			}
			l.open = slices.Clip(l.open)
			l.cum, l.known = history.Sum{}, true
			clear(l.refs[:])
			if prev.SLI.Slice != o.SLI.Slice {
				l.carry, l.sliced = carry{}, 0 // events of a slice are no rest to settle
			}
			l.lateRows, l.carryRows = false, false
		}
	}
}

// retire ends an objective that is not configured any more: its ledger stays on
// disk, its alerts are resolved.
func (e *Engine) retire(o *objective) {
	e.forgetQueries(o)
	for _, b := range o.budgets {
		e.drop(b)
	}
}

func (e *Engine) drop(b *budget) {
	for _, a := range append(slices.Clone(b.alerts), b.missing) {
		if a != nil {
			e.alerts.remove(a)
			e.records.delAlert(a.key)
		}
	}
	for _, l := range b.ledgers {
		// What an open slot still has to say is not heard any more.
		l.src.dirty = slices.DeleteFunc(l.src.dirty, func(o *ledger) bool { return o == l })
		l.src.ledgers = slices.DeleteFunc(slices.Clone(l.src.ledgers), func(o *ledger) bool { return o == l })
	}
}

// longest is the longest window of an objective.
func longest(o *slo.Objective) time.Duration {
	d := 72 * time.Hour
	for _, w := range o.Windows {
		d = max(d, w.Length)
		if w.Calendar != "" {
			d = max(d, w.Length+48*time.Hour)
		}
	}
	for i := range o.Rules {
		for _, p := range o.Rules[i].Pairs {
			d = max(d, p.Long)
		}
	}
	for i := range o.Segments {
		d = max(d, longest(o.Segments[i].Objective))
	}
	return d
}

// sourceNamed finds or makes a source by its name.
func (e *Engine) sourceNamed(name string) *source {
	src := e.sources[name]
	if src == nil {
		src = newSource(name)
		// It is not silent before it had its time to send.
		src.arrived = e.opts.Now().UnixMilli()
		e.sources[name] = src
	}
	return src
}
