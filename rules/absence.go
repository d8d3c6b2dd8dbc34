package rules

import (
	"slices"

	"github.com/slowburn/slowburn/slo"
)

const (
	// blindAfter is for how long a budget's data must be gone before its alerts are
	// held on to without it, ms, or two scrape intervals if that is longer: as long as
	// a source may be quiet.
	blindAfter = 60 * 1000
	// absentAfter is for how long a budget's data must be gone before SLODataMissing
	// fires, ms, or five scrape intervals if that is longer (FAULTS.md).
	absentAfter = 5 * 60 * 1000
	// heldAfter is for how long a firing alert whose data vanished is held before it
	// turns into SLODataMissing, ms.
	heldAfter = 15 * 60 * 1000
)

// sight is what a look at a budget's ledgers finds.
type sight struct {
	last     int64 // end of the newest slot with data, ms; 0 if there never was any
	gone     int64 // for how long there has been none, in its sources' own time, ms
	interval int64 // the slowest scrape interval, ms
	silent   bool  // its sources are silent as a whole
	known    bool  // each of them had its time to send since the start
}

func (b *budget) look(now int64) sight {
	s := sight{gone: forever, silent: true, known: true}
	for _, l := range b.feeds() {
		// A source that sends is asked in its own time, however late it is.
		ts := l.src.closed
		l.src.mu.Lock()
		s.known = s.known && (l.src.heard || l.src.silent)
		if l.src.silent {
			ts = now
			// If all its targets were seen to go, it is not the source that is missing.
			s.silent = s.silent && l.live > 0
		} else {
			s.silent = false
		}
		l.src.mu.Unlock()
		s.last, s.interval = max(s.last, l.lastData), max(s.interval, l.src.interval)
		s.gone = min(s.gone, ts-l.lastData)
	}
	return s
}

// absent says whether there was data and is none any more.
func (s sight) absent(o *objective) bool {
	return s.known && s.last != 0 && s.gone > max(absentAfter, 5*s.interval, o.absentFor()) && (o.Required || s.gone < o.reach.longest.Milliseconds())
}

// blind says whether so much is missing by now that nobody knows how the budget does.
func (s sight) blind() bool { return s.silent || s.gone > max(blindAfter, 2*s.interval) }

// watchBudget keeps a budget's SLODataMissing. A budget is missing data when it has
// had some within its window and now has had none for a while, unless its sources
// are silent as a whole: then SLOSourceLagging says so once for all of them; nor does
// a group say what its roll-up says. An alert that fires while its data vanishes is
// held, turns into SLODataMissing at its severity, and is resolved once that one was
// acknowledged. That holds where absence is ignored too.
func (e *Engine) watchBudget(b *budget, now int64) {
	if b.inBacklog(now) {
		return // what is missing may still come
	}
	s := b.look(now)
	if !s.known || s.last == 0 {
		return
	}
	absent := s.absent(b.obj)
	e.markGone(b, absent || s.blind(), s.last)
	held, told := b.held(), b.missing != nil && b.missing.State == slo.AlertFiring
	switch {
	case held != nil:
		absent = absent && s.gone > heldAfter
	case b.obj.Absence == slo.AbsenceIgnore:
		absent = absent && told && b.missing.InPlace
	case s.silent, b.spokenFor(now):
		absent = absent && told
	}
	switch {
	case absent && !told:
		e.raiseMissing(b, s.last, now, e.absenceSeverity(b, held, s.last, now), held != nil)
	case !absent:
		e.endMissing(b, now)
	case held != nil && b.speaksFor(held) && e.opts.Acknowledged(b.missing.Labels):
		e.handOver(b, now)
	}
}

// watchRequired looks for required objectives that never had data: no ledger's
// source speaks for them.
func (e *Engine) watchRequired(now int64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, o := range e.ordered {
		b := o.rollUp
		if b == nil || b.look(now).last != 0 {
			continue
		}
		switch told := b.missing != nil && b.missing.State == slo.AlertFiring; {
		case !o.Required || o.Absence == slo.AbsenceIgnore:
			e.endMissing(b, now)
		case !told && now-max(e.started, o.record.Since) > absentAfter:
			severity := slo.SeverityTicket
			if o.Absence == slo.AbsencePage {
				severity = slo.SeverityPage
			}
			e.raiseMissing(b, 0, now, severity, false)
		}
	}
}

// markGone notes on the alerts that fire since when their data is gone, or that it
// is back.
func (e *Engine) markGone(b *budget, gone bool, last int64) {
	if !gone {
		last = 0
	}
	for _, a := range b.alerts {
		if a == nil || a.State != slo.AlertFiring || gone == (a.GoneAt != 0) {
			continue
		}
		a.GoneAt = last
		e.alerts.changed = true
		e.records.setAlert(a.key, &a.AlertRecord)
	}
}

// held is the budget's severest alert that fires and was published.
func (b *budget) held() *alertState {
	for _, a := range b.alerts {
		if a != nil && a.State == slo.AlertFiring && a.Published {
			return a
		}
	}
	return nil
}

// spokenFor says whether the budget's roll-up misses its data too, and tells so: one
// fault, one alert. What a composite misses, its members tell.
func (b *budget) spokenFor(now int64) bool {
	if b.obj.SLI.Composite() {
		return true
	}
	up := b.obj.rollUp
	return up != nil && up != b && up.alertsHere() && up.look(now).absent(b.obj)
}

// absenceSeverity is that of the alert that is held, if one is, or what the
// objective says. If it says nothing, a whole service that was gone at once, with
// requests up to the end, pages where a burn would: it burns as fast as can be, and
// no counter is left to tell.
func (e *Engine) absenceSeverity(b *budget, held *alertState, last, now int64) string {
	o := b.obj
	pages := func(r slo.Rule) bool { return r.Severity == slo.SeverityPage }
	switch {
	case held != nil && pages(b.def.Rules[held.rule]), o.Absence == slo.AbsencePage:
		return slo.SeverityPage
	case o.Absence == slo.AbsenceTicket, !slices.ContainsFunc(b.def.Rules, pages):
		return slo.SeverityTicket
	}
	up := o.rollUp
	if up == nil || up != b && !up.look(now).absent(o) || up.counts(last-absentAfter, last, e.slot, false).Total == 0 {
		return slo.SeverityTicket
	}
	return slo.SeverityPage
}

// speaksFor says whether SLODataMissing is as severe as the alert that is held. An
// objective's own alert for missing data has the severity its file gave it.
func (b *budget) speaksFor(held *alertState) bool {
	return b.obj.Absent != nil || b.missing.Labels.Get("severity") == slo.SeverityPage || b.def.Rules[held.rule].Severity != slo.SeverityPage
}

// raiseMissing fires the budget's SLODataMissing, which takes the place of an alert that
// is held or does not; last is 0 if it never had data.
func (e *Engine) raiseMissing(b *budget, last, now int64, severity string, inPlace bool) {
	a := b.missing
	if a == nil {
		a = &alertState{key: "alert/" + b.key + "/missing", budget: b, rule: -1}
		b.missing = a
	}
	active := now
	if last != 0 {
		active = last
	}
	a.AlertRecord = AlertRecord{State: slo.AlertFiring, ActiveAt: active, FiredAt: now, TS: now, Published: true, InPlace: inPlace, Labels: b.missingLabels(severity)}
	a.Annotations = e.missingAnnotations(a, last)
	e.alerts.add(a)
	e.records.setAlert(a.key, &a.AlertRecord)
}

func (e *Engine) endMissing(b *budget, now int64) {
	if a := b.missing; a != nil && a.State == slo.AlertFiring {
		e.resolve(a, now)
	}
}

// handOver ends the alerts whose data vanished: SLODataMissing has been acknowledged
// in their place. They stay marked as gone, since they are not known to be over.
func (e *Engine) handOver(b *budget, now int64) {
	for _, h := range b.alerts {
		if h != nil && h.State == slo.AlertFiring {
			e.resolve(h, now)
		}
	}
}

func (e *Engine) resolve(a *alertState, now int64) {
	a.State, a.ResolvedAt, a.EndedAt = slo.AlertResolved, now, now
	e.alerts.changed = true
	e.records.setAlert(a.key, &a.AlertRecord)
}
