package main

import (
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// readPolicy reads what follows from a spent budget, on top of the default policy:
//
//	policy:
//	  decision_owner: team-lead
//	  hysteresis: 5%
//	  fast_burn: guarded
//	  min_coverage: 50%
//	  may_override: [alice]
//	  states:
//	    guarded: {spent: 70%, actions: [Release in stages.]}
//	    frozen: {spent: 100%, gate: fail, allow: [rollback], decision_owner: cto, expiry: 14d}
func readPolicy(n document.Node) slo.Policy {
	p := slo.DefaultPolicy()
	m := n.Mapping()
	p.Owner = m.Get("decision_owner").String()
	if n := m.Get("hysteresis"); !n.IsZero() {
		p.Hysteresis = readShare(n)
	}
	if n := m.Get("min_coverage"); !n.IsZero() {
		p.MinCoverage = readShare(n)
	}
	if n := m.Get("fast_burn"); !n.IsZero() {
		p.FastBurn = readPolicyState(n, n.String())
	}
	p.Overriders = m.Get("may_override").Strings()
	states := m.Get("states")
	for _, e := range states.Mapping().Entries() {
		if s := readPolicyState(e.Key, e.Name); s != "" {
			readPolicyStep(e.Value, p.Step(s))
		}
	}
	m.Done()
	for i := 2; i < len(p.Steps); i++ {
		if p.Steps[i].Spent <= p.Steps[i-1].Spent {
			n.Errorf("state %q begins at %g of the budget spent, which is not more than %g of %q", p.Steps[i].State, p.Steps[i].Spent, p.Steps[i-1].Spent, p.Steps[i-1].State)
		}
	}
	if p.Hysteresis >= p.Steps[1].Spent {
		n.Errorf("a hysteresis of %g is not less than the first threshold, %g: that state would never be left", p.Hysteresis, p.Steps[1].Spent)
	}
	return p
}

func readPolicyState(n document.Node, name string) slo.PolicyState {
	if slices.Contains(slo.PolicyStates, slo.PolicyState(name)) {
		return slo.PolicyState(name)
	}
	n.Errorf("%q is no state of a policy: want healthy, watch, guarded or frozen", name)
	return ""
}

func readPolicyStep(n document.Node, s *slo.PolicyStep) {
	m := n.Mapping()
	if spent := m.Get("spent"); !spent.IsZero() {
		if s.State == slo.PolicyHealthy {
			spent.Errorf("\"healthy\" is what holds below the other states' thresholds: it has none of its own")
		} else {
			s.Spent = readShare(spent)
		}
	}
	switch gate := m.Get("gate"); gate.String() {
	case "":
	case "pass":
		s.Closed = false
	case "fail":
		s.Closed = true
	default:
		gate.Errorf("gate %q: want pass or fail", gate)
	}
	s.Owner = m.Get("decision_owner").String()
	if actions := m.Get("actions"); !actions.IsZero() {
		s.Actions = actions.Strings()
	}
	if allow := m.Get("allow"); !allow.IsZero() {
		s.Allow = allow.Strings()
	}
	if expiry := m.Get("expiry"); !expiry.IsZero() {
		positive(expiry, &s.Expiry)
		if s.Expiry > 0 && s.Expiry < time.Hour {
			expiry.Errorf("an expiry of %s is shorter than 1h: nobody could decide by then", strings.TrimSpace(expiry.String()))
		}
	}
	m.Done()
}
