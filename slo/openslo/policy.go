package openslo

import (
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// alerts reads the alert policies, each an alert of its own. Where none is given, or
// none could be read, the alerts are the tier's.
func (r reader) alerts(m *document.Mapping, policies document.Node, tier []slo.Rule) []slo.Rule {
	if policies.IsZero() {
		r.Finding(slo.LevelInfo, "assumed", m.Node().Problem("the SLO has no alertPolicies: its alerts are those of tier %s", r.DefaultTier))
		return tier
	}
	var rules []slo.Rule
	lost := false
	for _, p := range policies.List() {
		at, name, s, ok := r.resolve("AlertPolicy", "alertPolicyRef", p)
		if ok {
			var rule slo.Rule
			var on bool
			if rule, on, ok = r.policy(at, name, s.Mapping()); on {
				rules = append(rules, rule)
			}
		}
		lost = lost || !ok
	}
	if lost && len(rules) == 0 {
		r.Finding(slo.LevelInfo, "assumed", policies.Problem("no alert is left: those of tier %s take their place", r.DefaultTier))
		return tier
	}
	return rules
}

// resolve reads what stands inline, or what its reference leads to: its name and spec.
// A plain text is a reference too, as the specification once had it.
func (r reader) resolve(kind, refKey string, n document.Node) (at document.Node, name string, s document.Node, ok bool) {
	if n.IsText() {
		return r.referred(kind, n)
	}
	m := n.Mapping()
	ref := m.Get(refKey)
	m.Get("kind")
	meta, inline := m.Get("metadata"), m.Get("spec")
	m.Done()
	if ref.IsZero() {
		nameNode := meta.Mapping().Get("name")
		if inline.IsZero() {
			n.Errorf("want %s, or an inline %s with metadata and spec", refKey, kind)
		}
		return n, nameNode.String(), inline, !inline.IsZero()
	}
	return r.referred(kind, ref)
}

// referred is what a reference leads to. Where no file defines anything of the kind, the
// objective goes without: its events can be counted all the same.
func (r reader) referred(kind string, ref document.Node) (at document.Node, name string, s document.Node, ok bool) {
	res, found := r.library.find(kind, ref)
	switch {
	case found && res.spec.IsZero():
		ref.Errorf("%s %q says nothing: it has no spec", kind, ref)
	case !found && kind != "AlertNotificationTarget": // of whom no more than the name is needed
		if what, elsewhere := r.library.missing(kind, ref); elsewhere {
			r.Finding(slo.LevelWarning, "elsewhere", ref.Problem("%s, so it makes no alert", what))
		} else {
			ref.Errorf("%s", what)
		}
	}
	return ref, ref.String(), res.spec, found && !res.spec.IsZero()
}

// policy reads one alert policy. on says that it makes an alert; ok is false if it could
// not be read.
func (r reader) policy(at document.Node, name string, m *document.Mapping) (rule slo.Rule, on, ok bool) {
	description := m.Get("description").String()
	breaching, resolved := m.Get("alertWhenBreaching"), m.Get("alertWhenResolved")
	m.Get("alertWhenNoData").Bool() // SLODataMissing says so in any case
	conditions, targets := m.Require("conditions"), m.Get("notificationTargets")
	m.Done()
	if !resolved.IsZero() && !resolved.Bool() {
		r.Finding(slo.LevelInfo, "ignored", at.Problem("alertWhenResolved is Alertmanager's send_resolved: slowburn always says when an alert is over"))
	}
	list := conditions.List()
	switch {
	case len(list) == 0:
		at.Errorf("alert policy %q has no condition", name)
		return rule, false, false
	case len(list) > 1:
		list[1].Errorf("an alert policy has one condition: make another policy of this one")
		return rule, false, false
	}
	conditionAt, _, s, ok := r.resolve("AlertCondition", "conditionRef", list[0])
	if !ok {
		return rule, false, false
	}
	if rule, ok = r.condition(conditionAt, s.Mapping()); !ok {
		return rule, false, false
	}
	rule.Key, rule.AlertName = name, name
	if name == "" {
		rule.AlertName = slo.AlertBurn
	}
	if description != "" {
		rule.Annotations = map[string]string{"description": description}
	}
	r.targets(targets, &rule)
	if !breaching.IsZero() && !breaching.Bool() {
		r.Finding(slo.LevelWarning, "ignored", at.Problem("alert policy %q does not alert when breaching: it makes no alert", name))
		return rule, false, true
	}
	return rule, true, true
}

func (r reader) condition(at document.Node, m *document.Mapping) (slo.Rule, bool) {
	m.Get("description")
	severity, c := m.Get("severity"), m.Require("condition").Mapping()
	m.Done()
	kind, op := c.Get("kind"), c.Get("op")
	thresholdNode, lookbackNode := c.Require("threshold"), c.Require("lookbackWindow")
	after := r.Duration(c.Get("alertAfter"))
	c.Done()
	threshold, _, _ := thresholdNode.Number()
	lookback := r.Duration(lookbackNode)
	switch {
	case kind.String() != "" && strings.ToLower(strings.ReplaceAll(kind.String(), "-", "")) != "burnrate":
		kind.Errorf("condition kind %q is not known: OpenSLO has burnrate", kind)
	case op.String() != "" && op.String() != "gt" && op.String() != "gte":
		op.Errorf("op %q: an alert on a burn rate wants gt or gte", op)
	case threshold <= 0:
		thresholdNode.Errorf("threshold %s: a burn rate is more than 0", thresholdNode)
	case lookback <= 0 || lookback > slo.MaxWindow:
		lookbackNode.Errorf("lookbackWindow %q: want a duration such as 1h, 92d at most", lookbackNode)
	default:
		name := severity.String()
		if name == "" {
			name = slo.SeverityTicket
		}
		return slo.Rule{
			Severity: name, For: after, Labels: map[string]string{"severity": name},
			Pairs: []slo.Pair{{Long: lookback, Short: lookback, Factor: threshold}},
		}, true
	}
	return slo.Rule{}, false
}

// targets notes who is to be told: routing is Alertmanager's.
func (r reader) targets(n document.Node, rule *slo.Rule) {
	var names []string
	for _, t := range n.List() {
		_, name, s, ok := r.resolve("AlertNotificationTarget", "targetRef", t)
		if !ok && name == "" {
			continue
		}
		if target := s.Mapping().Get("target").String(); target != "" {
			name = target
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	if rule.Annotations == nil {
		rule.Annotations = map[string]string{}
	}
	rule.Annotations["notification_targets"] = strings.Join(names, ", ")
	r.Finding(slo.LevelInfo, "assumed", n.Problem("who is told (%s) is for Alertmanager's routes to say; the names are in the annotation notification_targets", strings.Join(names, ", ")))
}
