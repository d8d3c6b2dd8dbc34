package rules

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// alertBook holds every alert that is pending, firing or lately resolved.
type alertBook struct {
	all     map[*alertState]struct{}
	changed bool
	stated  int64 // wall time of the last level, ms
}

// keepResolved is for how long a resolved alert stays in the level, ms: delivery
// repeats it until acknowledged and 15 min have passed.
const keepResolved = 15 * 60 * 1000

func newAlertBook() *alertBook { return &alertBook{all: map[*alertState]struct{}{}} }

func (b *alertBook) add(a *alertState) { b.all[a] = struct{}{}; b.changed = true }

func (b *alertBook) remove(a *alertState) { delete(b.all, a); b.changed = true }

// decide says of every alert that fires and was not told yet whether it may be, and
// drops those that were resolved long ago or before anybody heard of them.
func (e *Engine) decide(now int64) {
	for a := range e.alerts.all {
		switch {
		case a.State == slo.AlertFiring && !a.Published && e.mayPublish(a, now):
			a.Published = true
			e.alerts.changed = true
			e.records.setAlert(a.key, &a.AlertRecord)
		case a.State == slo.AlertResolved && (!a.Published || now-max(a.EndedAt, a.ResolvedAt) > keepResolved):
			e.forget(a)
		}
	}
}

// forget ends the memory of a resolved alert.
func (e *Engine) forget(a *alertState) {
	e.alerts.remove(a)
	e.records.delAlert(a.key)
	if a.budget == nil {
		return
	}
	if a.budget.missing == a {
		a.budget.missing = nil
	}
	if a.rule >= 0 && a.rule < len(a.budget.alerts) && a.budget.alerts[a.rule] == a {
		a.budget.alerts[a.rule] = nil
	}
}

// A source that is behind works a backlog off as long as its lag, at its lowest, falls
// by backlogStep at least once in backlogPatience of wall time; both ms. Else it is a
// sender that is always late, and alerts are published all the same. So an alert that
// goes on is held back for at most twice the lag that the source began with, and 5 min.
const (
	backlogPatience = 5 * 60 * 1000
	backlogStep     = backlogPatience / 2
)

// mayPublish says whether an alert that nobody was told of yet may go out: not from
// a backlog that is being worked off, and one fault makes one alert at a time.
func (e *Engine) mayPublish(a *alertState, now int64) bool {
	b := a.budget
	if b == nil || a.rule < 0 {
		return true
	}
	if b.inBacklog(now) {
		return false
	}
	firing := func(a *alertState) bool { return a != nil && a.State == slo.AlertFiring }
	if slices.ContainsFunc(b.alerts[:a.rule], firing) {
		return false // a severer one of this budget fires
	}
	up := b.obj.rollUp
	if up == nil || up == b || !up.alertsHere() {
		return true
	}
	// A segment's tier may have other severities than the roll-up's.
	severity := b.def.Rules[a.rule].Severity
	k := slices.IndexFunc(up.def.Rules, func(r slo.Rule) bool { return r.Severity == severity })
	return !slices.ContainsFunc(up.alerts[:k+1], firing)
}

// inBacklog says whether all sources of the budget are working a backlog off. One that fell silent in the middle of it still is; one that fell
// silent with everything told is not.
func (b *budget) inBacklog(now int64) bool {
	backlog := false
	for _, l := range b.feeds() {
		switch {
		case l.src.silent:
			backlog = backlog || l.src.old
		case !l.src.lagging || now-l.src.lowAt > backlogPatience:
			return false
		default:
			backlog = true
		}
	}
	return backlog
}

// state hands on the level of all published alerts when it changed, and every slot
// since annotations change.
func (e *Engine) state(now int64) {
	if !e.restored.Load() || !e.alerts.changed && (e.opts.Lean || now-e.alerts.stated < e.slot) {
		return
	}
	e.alerts.changed = false
	e.alerts.stated = now
	level := make([]slo.Alert, 0, len(e.alerts.all)+1)
	shown := make([]slo.Alert, 0, len(e.alerts.all)+1)
	e.mu.RLock()
	e.lookForTraces(now)
	for a := range e.alerts.all {
		alert := e.alertOf(a)
		if a.Published {
			level = append(level, alert)
		}
		if a.State == slo.AlertFiring && !a.Published {
			alert.State = slo.AlertPending // held back: nobody was told
		}
		if a.State != slo.AlertResolved {
			shown = append(shown, alert)
		}
	}
	e.mu.RUnlock()
	dog := e.watchdog(now)
	level, shown = append(level, dog), append(shown, dog)
	for _, l := range [][]slo.Alert{level, shown} {
		slices.SortFunc(l, func(a, b slo.Alert) int { return labels.Compare(a.Labels, b.Labels) })
	}
	e.level.Store(&shown)
	e.opts.Notify(level)
	if e.filling() {
		return
	}
	if err := e.written.write(e.opts.Ledger, shown, now, e.slot); err != nil {
		e.metrics.ledgerErrors.Inc()
	}
}

// filling says whether the ledger is being filled with the past: nothing has arrived
// yet, or all that arrives is a backlog. A sample at wall time would put all of that
// out of order, and out of reach where it is older than the ledger's window for it.
func (e *Engine) filling() bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	backlog, known := false, false
	for _, src := range e.sources {
		src.mu.Lock()
		fed := src.newest != 0
		src.mu.Unlock()
		switch {
		case !fed:
		case src.silent:
			known = true
		case !src.lagging:
			return false
		default:
			backlog = true
		}
	}
	return backlog || !known
}

func (e *Engine) alertOf(a *alertState) slo.Alert {
	if a.State == slo.AlertFiring && a.budget != nil && a.rule >= 0 {
		a.Annotations = e.annotations(a)
	}
	lset := a.Labels
	if lset.IsEmpty() && a.budget != nil {
		lset = alertLabels(a.budget, &a.budget.def.Rules[a.rule])
	}
	out := slo.Alert{
		Labels: lset, Annotations: a.Annotations, State: a.State, Value: a.Value,
		ActiveAt: a.ActiveAt, FiredAt: a.FiredAt, ResolvedAt: a.ResolvedAt,
	}
	if a.GoneAt != 0 {
		out.HeldUntil = a.GoneAt + heldAfter
	}
	if a.budget != nil {
		out.GeneratorURL = e.opts.ExternalURL + slo.BudgetLink(a.budget.obj.Objective, a.budget.groups)
	}
	return out
}

// alertLabels are the identity of a budget's alert, frozen while it fires.
func alertLabels(b *budget, r *slo.Rule) labels.Labels {
	lb := labels.NewBuilder(labels.EmptyLabels())
	for k, v := range b.obj.Labels {
		lb.Set(k, v)
	}
	if b.obj.Format.Tool() == slo.ToolSlowburn {
		b.labels.Range(func(l labels.Label) { lb.Set(l.Name, l.Value) })
		lb.Set(slo.LabelWindow, b.obj.Windows[0].String())
		lb.Set("tier", b.def.Tier)
		lb.Set("owner", b.obj.Owner)
		lb.Set("severity", r.Severity)
	} else {
		b.groups.Range(func(l labels.Label) { lb.Set(l.Name, l.Value) })
	}
	for k, v := range r.Labels {
		lb.Set(k, v)
	}
	lb.Set(labels.AlertName, r.AlertName)
	return lb.Labels()
}

// Alerts are those pending or firing, as of the last tick.
func (e *Engine) Alerts() []slo.Alert {
	if l := e.level.Load(); l != nil {
		return *l
	}
	return nil
}
