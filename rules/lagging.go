package rules

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

const (
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
		lagging := live && lag > max(lagAfter, 3*interval)+2*src.step && lag < forgottenAfter
		e.watchLag(src, lagging && (told || !shrinks || now-src.lagSince > backlogPatience), lag, now)
		e.mu.RLock()
		for _, l := range ledgers {
			b := l.budget
			if l != b.ledgers[0] || !b.hasTotal.Load() {
				continue
			}
			if b.alertsHere() {
				e.watchBudget(b, now)
			}
			for _, c := range b.composites() {
				e.watchBudget(c, now)
			}
		}
		e.mu.RUnlock()
	}
	e.watchRequired(now)
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
	for _, s := range src.series {
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
		e.resolve(a, now)
	}
	if a != nil && a.State == slo.AlertFiring {
		a.Annotations = labels.FromStrings(
			"summary", fmt.Sprintf("source %q is %s behind", src.name, time.Duration(lag*int64(time.Millisecond)).Round(time.Second)),
			"description", "Budgets fed by it are not evaluated for that time. Is the Prometheus running, and does its remote write reach this slowburn?",
			"data_time", time.UnixMilli(now-lag).UTC().Format(time.RFC3339),
		)
	}
}
