package rules

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// alertState is one alert of one budget: its record, and the key it is saved under.
type alertState struct {
	AlertRecord
	key    string
	budget *budget
	rule   int
	// faults are the errors told of its templates, by annotation.
	faults map[string]string
}

// condition is what an evaluation says about one rule.
type condition struct {
	holds bool
	pair  int     // the rule's first pair that holds
	value float64 // the burn rate of its long window
	// known is false where too little of the short window was observed to say that
	// the condition has ended.
	known bool
}

// next advances an alert by one evaluation at event time ts. It is pure: all that
// decides is in its arguments. An evaluation at or before the last one changes
// nothing, so that slots may be evaluated again after a restart.
func next(prev AlertRecord, c condition, ts int64, forDuration, keepFiring time.Duration) AlertRecord {
	a := prev
	if ts <= prev.TS {
		return a
	}
	a.TS = ts
	if c.holds {
		a.Pair, a.Value = c.pair, c.value
	}
	switch prev.State {
	case slo.AlertPending, slo.AlertFiring:
	default:
		if !c.holds {
			return a
		}
		a.State, a.ActiveAt, a.FiredAt, a.ResolvedAt, a.GoneAt = slo.AlertPending, ts, 0, 0, 0
		a.Published = false
	}
	switch {
	case a.State == slo.AlertPending && c.holds:
		if ts-a.ActiveAt >= forDuration.Milliseconds() {
			a.State, a.FiredAt = slo.AlertFiring, ts
			a.KeepUntil = ts + keepFiring.Milliseconds()
		}
	case a.State == slo.AlertPending && c.known:
		a.State, a.ActiveAt = "", 0
	case a.State == slo.AlertFiring && c.holds:
		a.KeepUntil = ts + keepFiring.Milliseconds()
	case a.State == slo.AlertFiring && c.known && ts > a.KeepUntil:
		a.State, a.ResolvedAt, a.GoneAt = slo.AlertResolved, ts, 0
	}
	return a
}

// advance takes a budget's alerts to the evaluation.
func (e *Engine) advance(b *budget, ev *evaluation, at slo.At, ts, now int64) {
	k := 0
	for i := range b.def.Rules {
		r := &b.def.Rules[i]
		c := condition{known: true}
		for j, p := range r.Pairs {
			st := ev.pairs[k]
			k++
			if st.Holds && !c.holds {
				c = condition{holds: true, pair: j, value: st.LongBurn, known: true}
			}
			// A window that was hardly observed ends nothing.
			if !c.holds && at(slo.Rolling(p.Short)).Coverage() < slo.MinPairCoverage {
				c.known = false
			}
		}
		e.step(b, i, c, ts, now)
	}
}

// step advances one alert and keeps what changed.
func (e *Engine) step(b *budget, rule int, c condition, ts, now int64) {
	a := b.alerts[rule]
	if a == nil {
		if !c.holds {
			return
		}
		a = &alertState{key: alertKey(b, rule), budget: b, rule: rule}
		b.alerts[rule] = a
		e.alerts.add(a)
	}
	r := &b.def.Rules[rule]
	prev := a.AlertRecord
	a.AlertRecord = next(prev, c, ts, r.For, r.KeepFiringFor)
	if a.State == "" {
		b.alerts[rule] = nil
		e.alerts.remove(a)
		if prev.State != "" {
			e.records.delAlert(a.key)
		}
		return
	}
	if a.State == slo.AlertFiring && prev.State != slo.AlertFiring {
		a.Labels = alertLabels(b, r)
		e.metrics.fired.Inc()
	}
	if a.State == slo.AlertResolved && prev.State != slo.AlertResolved {
		a.EndedAt = now
	}
	if a.State != prev.State || a.Published != prev.Published {
		e.alerts.changed = true
	}
	if a.State != prev.State || a.KeepUntil != prev.KeepUntil {
		e.records.setAlert(a.key, &a.AlertRecord)
	}
}

func alertKey(b *budget, rule int) string {
	return "alert/" + b.key + "/" + b.def.Rules[rule].ID()
}
