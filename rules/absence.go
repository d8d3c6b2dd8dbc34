package rules

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

const (
	// absentAfter is for how long a budget's data must be gone before SLODataMissing
	// fires, ms, or five scrape intervals if that is longer (FAULTS.md).
	absentAfter = 5 * 60 * 1000
	// heldAfter is for how long a firing alert whose data vanished is held before it
	// turns into SLODataMissing, ms.
	heldAfter = 15 * 60 * 1000
	// lagAfter is the lag at which SLOSourceLagging fires, ms, or three scrape
	// intervals if that is longer.
	lagAfter = 2 * 60 * 1000
	// forgottenAfter is when a source that never came back is given up, ms.
	forgottenAfter = 24 * 60 * 60 * 1000
)

// watchSources looks, once a slot, at what did not arrive: sources that lag, budgets
// whose data is gone, series that vanished without a stale marker.
func (e *Engine) watchSources(sources []*source, now int64) {
	if now-e.watched < e.slot {
		return
	}
	e.watched = now
	if now-e.expired >= hour {
		e.expired = now
		e.expireGroups(now)
	}
	for _, src := range sources {
		src.mu.Lock()
		newest, interval, ledgers := src.newest, src.interval, src.ledgers
		src.giveUp(e.slot)
		live, known := src.live(), src.heard || src.silent
		src.mu.Unlock()
		if newest == 0 || !known {
			continue // after a start it has its time to send
		}
		lag := now - newest
		// A backlog that shrinks is being worked off: what there is to say was said
		// before it arrived, if anybody was there to say it.
		shrinks := src.lagBefore == 0 || lag < src.lagBefore
		src.lagBefore = lag
		told := src.lagAlert != nil && src.lagAlert.State == slo.AlertFiring
		lagging := live && lag > max(lagAfter, 3*interval) && lag < forgottenAfter
		e.watchLag(src, lagging && (told || !shrinks || now-src.lagSince > backlogPatience), lag, now)
		e.mu.RLock()
		for _, l := range ledgers {
			if b := l.budget; l == b.ledgers[0] && b.hasTotal.Load() && b.alertsHere() {
				e.watchBudget(b, now)
			}
		}
		e.mu.RUnlock()
	}
}

// giveUp stops expecting series that vanished without a stale marker an hour ago
// while their source went on.
func (src *source) giveUp(slot int64) {
	const vanished = 60 * 60 * 1000
	if src.newest-src.swept < vanished/12 {
		return
	}
	src.swept = src.newest
	src.interval = 0
	for s := range src.series {
		last := s.recent.Last()
		if last == nil || !s.live {
			continue
		}
		if last.T < src.newest-max(vanished, 10*s.cadence.Interval()) {
			s.stop(src.newest, slot)
			continue
		}
		src.interval = max(src.interval, s.cadence.Interval())
	}
}

// watchLag keeps a source's SLOSourceLagging.
func (e *Engine) watchLag(src *source, lagging bool, lag, now int64) {
	a := src.lagAlert
	switch {
	case lagging && (a == nil || a.State != slo.AlertFiring):
		if a == nil {
			a = &alertState{key: "alert/source/" + src.name, rule: -1}
			src.lagAlert = a
		}
		a.AlertRecord = AlertRecord{
			State: slo.AlertFiring, ActiveAt: now, FiredAt: now, TS: now, Published: true,
			Labels: labels.FromStrings(labels.AlertName, slo.AlertSourceLag, "severity", slo.SeverityTicket, slo.LabelSource, src.name, "instance", e.opts.Instance),
		}
		e.alerts.add(a)
		e.records.setAlert(a.key, &a.AlertRecord)
	case !lagging && a != nil && a.State == slo.AlertFiring:
		a.State, a.ResolvedAt, a.EndedAt = slo.AlertResolved, now, now
		e.alerts.changed = true
		e.records.setAlert(a.key, &a.AlertRecord)
	}
	if a != nil && a.State == slo.AlertFiring {
		a.Annotations = labels.FromStrings(
			"summary", fmt.Sprintf("source %q is %s behind", src.name, time.Duration(lag*int64(time.Millisecond)).Round(time.Second)),
			"description", "Budgets fed by it are not evaluated for that time. Is the Prometheus running, and does its remote write reach this slowburn?",
			"data_time", time.UnixMilli(now-lag).UTC().Format(time.RFC3339),
		)
	}
}

// watchBudget keeps a budget's SLODataMissing. A budget is missing data when it has
// had some within its window and now has had none for a while, unless its sources
// are silent as a whole: then SLOSourceLagging says so once for all of them. An
// alert that fires while its data vanishes is held, turns into SLODataMissing at
// its severity, and is resolved once that one was acknowledged.
func (e *Engine) watchBudget(b *budget, now int64) {
	if b.inBacklog(now) {
		return // what is missing may still come
	}
	last, gone, interval, silent := int64(0), int64(forever), int64(0), true
	for _, l := range b.ledgers {
		// A source that sends is asked in its own time, however late it is.
		ts := l.src.closed
		l.src.mu.Lock()
		known := l.src.heard || l.src.silent
		if l.src.silent {
			ts = now
			// If all its targets were seen to go, it is not the source that is missing.
			silent = silent && l.live > 0
		} else {
			silent = false
		}
		l.src.mu.Unlock()
		if !known {
			return
		}
		last, interval = max(last, l.lastData), max(interval, l.src.interval)
		gone = min(gone, ts-l.lastData)
	}
	if last == 0 {
		return
	}
	held := b.held()
	absent := gone > max(absentAfter, 5*interval, b.obj.absentFor()) && gone < b.obj.longest.Milliseconds()
	for _, a := range b.alerts {
		if a != nil && a.State == slo.AlertFiring {
			if absent && a.GoneAt == 0 {
				a.GoneAt = last
			} else if !absent {
				a.GoneAt = 0
			}
		}
	}
	switch {
	case held != nil:
		absent = absent && gone > heldAfter
	case silent:
		absent = absent && b.missing != nil
	}
	a := b.missing
	switch {
	case absent && (a == nil || a.State != slo.AlertFiring):
		if a == nil {
			a = &alertState{key: "alert/" + b.key + "/missing", budget: b, rule: -1}
			b.missing = a
		}
		a.AlertRecord = AlertRecord{State: slo.AlertFiring, ActiveAt: last, FiredAt: now, TS: now, Published: true, Labels: b.missingLabels(held)}
		a.Annotations = e.missingAnnotations(a, last)
		e.alerts.add(a)
		e.records.setAlert(a.key, &a.AlertRecord)
	case !absent && a != nil && a.State == slo.AlertFiring:
		a.State, a.ResolvedAt, a.EndedAt = slo.AlertResolved, now, now
		e.alerts.changed = true
		e.records.setAlert(a.key, &a.AlertRecord)
	case absent && held != nil && a.State == slo.AlertFiring && e.opts.Acknowledged(a.Labels):
		for _, h := range b.alerts {
			if h != nil && h.State == slo.AlertFiring {
				h.State, h.ResolvedAt, h.EndedAt = slo.AlertResolved, now, now
				e.alerts.changed = true
				e.records.setAlert(h.key, &h.AlertRecord)
			}
		}
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

// watchdog always fires: who does not get it any more knows that slowburn, or the
// way from it, is broken.
func (e *Engine) watchdog(now int64) slo.Alert {
	newest := int64(0)
	for _, s := range e.Sources() {
		newest = max(newest, s.Newest)
	}
	data := "never"
	if newest > 0 {
		data = time.UnixMilli(newest).UTC().Format(time.RFC3339)
	}
	return slo.Alert{
		Labels:      labels.FromStrings(labels.AlertName, slo.AlertWatchdog, "severity", slo.SeverityNone, "instance", e.opts.Instance),
		Annotations: labels.FromStrings("summary", "slowburn evaluates and delivers", "data_time", data),
		State:       slo.AlertFiring, ActiveAt: e.started, FiredAt: e.started,
	}
}
