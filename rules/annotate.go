package rules

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// annotations say what on-call needs to know of a firing alert as of the budget's
// newest evaluation: what burns, how fast, what is left, and where to look.
func (e *Engine) annotations(a *alertState) labels.Labels {
	b, r := a.budget, &a.budget.def.Rules[a.rule]
	ev := b.newest()
	if ev == nil || len(ev.windows) == 0 {
		return a.Annotations
	}
	pair := r.Pairs[min(a.Pair, len(r.Pairs)-1)]
	st := ev.pair(b.def, a.rule, a.Pair)
	window := ev.windows[0]
	remaining := window.Remaining(ev.target)
	left := slo.TimeToExhaustion(window, ev.hour, ev.target)
	name := slo.FormatDuration(pair.Long) + "/" + slo.FormatDuration(pair.Short)

	lb := labels.NewBuilder(labels.EmptyLabels())
	set := func(k, v string) { lb.Set(k, v) }
	set("summary", fmt.Sprintf("%s of %s burns its error budget %sx too fast", b.obj.Name, titled(b), number(st.LongBurn)))
	set("description", fmt.Sprintf("Over %s the burn rate is %s, over %s %s (threshold %s). %s of the %s budget is left%s.",
		slo.FormatDuration(pair.Long), number(st.LongBurn), slo.FormatDuration(pair.Short), number(st.ShortBurn), number(pair.Factor),
		percent(remaining), b.obj.Windows[0], exhaustion(left)))
	set("pair", name)
	set("burn_rate_long", number(st.LongBurn))
	set("burn_rate_short", number(st.ShortBurn))
	set("burn_rate_threshold", number(pair.Factor))
	set("budget_remaining", percent(remaining))
	set("hours_to_exhaustion", number(left/3600))
	set("events_lost", number(window.Bad))
	set("data_time", time.UnixMilli(ev.ts).UTC().Format(time.RFC3339))
	e.whereToLook(b, lb)
	if worst, share := b.worstGroup(e, ev.ts, pair.Long); worst != "" {
		set("worst_segment", fmt.Sprintf("%s (%s of the bad events in %s)", worst, percent(share), slo.FormatDuration(pair.Long)))
	}
	set("trace_url", e.traces.Of(b.obj.ID(), b.groups))
	if worst, share := b.worstMember(e, ev.ts, pair.Long); worst != "" {
		set("worst_member", fmt.Sprintf("%s (%s of the error ratio in %s)", worst, percent(share), slo.FormatDuration(pair.Long)))
	}
	if a.GoneAt != 0 {
		set("no_data", "no data since "+time.UnixMilli(a.GoneAt).UTC().Format(time.RFC3339)+": the alert is held")
	}
	for k, text := range r.Annotations {
		set(k, e.expand(k, text, a))
	}
	return lb.Labels()
}

// lookForTraces finds examples for the annotations of what fires. Without any an alert
// is as good.
func (e *Engine) lookForTraces(now int64) {
	e.traces = nil
	if e.opts.Traces == nil || !e.burning() {
		return
	}
	var err error
	if e.traces, err = e.opts.Traces.Look(context.Background(), e.evidence, now); err != nil {
		e.metrics.rawErrors.Inc()
	}
}

// burning says whether the alert of a burn fires.
func (e *Engine) burning() bool {
	for a := range e.alerts.all {
		if a.State == slo.AlertFiring && a.budget != nil && a.rule >= 0 {
			return true
		}
	}
	return false
}

// whereToLook says who decides, and what the objective says to read. What is not
// known is left out.
func (e *Engine) whereToLook(b *budget, lb *labels.Builder) {
	o := b.obj
	owner, decision := e.opts.Decision(o.Objective)
	lb.Set("decision_owner", owner)
	lb.Set("decision", decision)
	lb.Set("runbook_url", o.Runbook)
	lb.Set("dashboard_url", o.Dashboard)
	if o.Format.Tool() == slo.ToolPyrra {
		lb.Set("pyrra_url", e.opts.ExternalURL+slo.BudgetLink(o.Objective, b.groups)) // what Pyrra's own page was, for templates that ask for it
	}
}

// pair is the status of one pair of one rule.
func (ev *evaluation) pair(o *slo.Objective, rule, pair int) slo.PairStatus {
	k := 0
	for i := range rule {
		k += len(o.Rules[i].Pairs)
	}
	if k += pair; k < len(ev.pairs) {
		return ev.pairs[k]
	}
	return slo.PairStatus{}
}

// worstGroup is the group of a roll-up with the most bad events over the window
// that ends at ts, and its share of them.
func (b *budget) worstGroup(e *Engine, ts int64, length time.Duration) (string, float64) {
	if b != b.obj.rollUp || len(b.obj.budgets) < 2 {
		return "", 0
	}
	w := slo.Rolling(length)
	start := w.Start(ts, e.opts.Slot)
	worst, most := "", 0.0
	for _, g := range b.obj.budgets {
		if g == b {
			continue
		}
		if c := g.counts(start, ts, e.slot, withLate(w)); c.Bad > most {
			worst, most = g.groups.String(), c.Bad
		}
	}
	if most == 0 {
		return "", 0
	}
	return worst, min(1, most/b.counts(start, ts, e.slot, withLate(w)).Bad)
}

func titled(b *budget) string {
	if b.groups.IsEmpty() {
		return b.obj.Service
	}
	return b.obj.Service + " " + b.groups.String()
}

func exhaustion(seconds float64) string {
	switch {
	case math.IsInf(seconds, 1):
		return ""
	case seconds <= 0:
		return "; it is spent"
	}
	return "; at this pace it is spent in " + number(seconds/3600) + " h"
}

func percent(v float64) string { return number(v*100) + "%" }

// number writes a figure with the three digits that matter to a reader.
func number(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
