package promapi

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promrules "github.com/prometheus/prometheus/rules"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/slowburn/slowburn/slo"
)

// ownGroup holds the alerts that belong to no objective: slowburn's watchdog,
// lagging sources, disks.
const ownGroup = "slowburn"

// groups draws Prometheus's rule groups from the engine's snapshots: a group per
// file and service, in it a rule per objective and severity, with the alerts of
// all the objective's budgets.
func groups(budgets []slo.Status, alerts []slo.Alert, slot time.Duration) []*v1.RuleGroup {
	type place struct{ file, service string }
	by := map[place]*v1.RuleGroup{}
	byObjective := map[*slo.Objective][]slo.Status{}
	var objectives []*slo.Objective
	shown := map[uint64]bool{}
	for i := range budgets {
		o := budgets[i].Objective
		if byObjective[o] == nil {
			objectives = append(objectives, o)
		}
		byObjective[o] = append(byObjective[o], budgets[i])
	}
	slices.SortFunc(objectives, func(a, b *slo.Objective) int { return cmp.Compare(a.ID(), b.ID()) })
	for _, o := range objectives {
		at := place{o.Source.File, o.Service}
		g := by[at]
		if g == nil {
			g = &v1.RuleGroup{Name: o.Service, File: o.Source.File, Interval: slot.Seconds()}
			by[at] = g
		}
		for i := range o.Rules {
			r := rule(o, &o.Rules[i], byObjective[o], shown)
			g.Rules = append(g.Rules, r)
			g.LastEvaluation = later(g.LastEvaluation, r.LastEvaluation)
		}
	}
	list := slices.Collect(maps.Values(by))
	if own := ownRules(alerts, shown, slot); len(own.Rules) > 0 {
		for _, g := range list {
			own.LastEvaluation = later(own.LastEvaluation, g.LastEvaluation)
		}
		list = append(list, own)
	}
	slices.SortFunc(list, func(a, b *v1.RuleGroup) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func rule(o *slo.Objective, r *slo.Rule, budgets []slo.Status, shown map[uint64]bool) *v1.AlertingRule {
	lset := labels.NewBuilder(labels.FromMap(r.Labels))
	if o.Format.Tool() == slo.ToolSlowburn {
		// An imported objective's alerts have the labels of the tool it came from.
		lset.Set(slo.LabelService, o.Service).Set(slo.LabelSLO, o.Name)
	}
	for name, value := range o.Labels {
		if r.Labels[name] == "" {
			lset.Set(name, value)
		}
	}
	ar := &v1.AlertingRule{
		State: "inactive", Name: r.AlertName, Query: Query(o, r), Type: "alerting",
		Duration: r.For.Seconds(), KeepFiringFor: r.KeepFiringFor.Seconds(),
		Labels: lset.Labels(), Annotations: labels.FromMap(r.Annotations),
		Alerts: []*v1.Alert{}, Health: promrules.HealthUnknown,
	}
	for i := range budgets {
		b := &budgets[i]
		if b.TS != 0 {
			ar.Health = promrules.HealthGood
			ar.LastEvaluation = later(ar.LastEvaluation, time.UnixMilli(b.TS).UTC())
		}
		for j := range b.Alerts {
			if stems(&b.Alerts[j], r) {
				add(ar, &b.Alerts[j])
				shown[b.Alerts[j].Labels.Hash()] = true
			}
		}
	}
	return ar
}

// stems says whether a was made by r: two rules of an objective may share the
// alertname and differ in labels.
func stems(a *slo.Alert, r *slo.Rule) bool {
	if a.Labels.Get(labels.AlertName) != r.AlertName {
		return false
	}
	if s := a.Labels.Get("severity"); s != "" && r.Labels["severity"] == "" && s != r.Severity {
		return false
	}
	for name, value := range r.Labels {
		if a.Labels.Get(name) != value {
			return false
		}
	}
	return true
}

// ownRules makes a rule of each alertname and severity among the alerts that no
// objective's rule has shown: slowburn's own, and those whose rule was edited
// while they fired.
func ownRules(alerts []slo.Alert, shown map[uint64]bool, slot time.Duration) *v1.RuleGroup {
	g := &v1.RuleGroup{Name: ownGroup, Interval: slot.Seconds()}
	by := map[string]*v1.AlertingRule{}
	for i := range alerts {
		a := &alerts[i]
		if a.State == slo.AlertResolved || shown[a.Labels.Hash()] {
			continue
		}
		name, severity := a.Labels.Get(labels.AlertName), a.Labels.Get("severity")
		key := name + "\xff" + severity
		ar := by[key]
		if ar == nil {
			ar = &v1.AlertingRule{
				State: "inactive", Name: name, Type: "alerting", Health: promrules.HealthGood,
				Query:       Selector("ALERTS", labels.FromStrings(labels.AlertName, name), ""),
				Labels:      labels.FromStrings("severity", severity).WithoutEmpty(),
				Annotations: labels.EmptyLabels(), Alerts: []*v1.Alert{},
			}
			by[key] = ar
		}
		add(ar, a)
		ar.LastEvaluation = later(ar.LastEvaluation, time.UnixMilli(a.ActiveAt).UTC())
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		g.Rules = append(g.Rules, by[key])
	}
	return g
}

// add puts an alert that is not resolved under its rule, whose state is that of
// its worst alert.
func add(ar *v1.AlertingRule, a *slo.Alert) {
	if a.State == slo.AlertResolved {
		return
	}
	ar.Alerts = append(ar.Alerts, alert(a))
	if ar.State != string(slo.AlertFiring) {
		ar.State = string(a.State)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
