package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// readTiers reads the tiers of the file. What one says of alerts and of policy
// replaces that of the shipped tier of the same name:
//
//	critical:
//	  alerts:
//	    - severity: page
//	      pairs: [{long: 1h, short: 5m, share: 2%}, {long: 6h, short: 30m, factor: 6}]
//	      for: 1m
//	      min_bad_events: 10
//	  policy: {decision_owner: team-lead}
func (c *Config) readTiers(n document.Node) {
	for _, e := range n.Mapping().Entries() {
		m := e.Value.Mapping()
		t := slo.Tier{Name: e.Name, Policy: slo.DefaultPolicy()}
		if n := m.Get("policy"); !n.IsZero() {
			t.Policy = readPolicy(n)
		}
		shipped, known := c.Tiers[e.Name]
		alerts := m.Get("alerts")
		switch {
		case !alerts.IsZero():
		case known: // a policy alone leaves the shipped alerts
			t.Alerts = shipped.Alerts
		default:
			alerts = m.Require("alerts")
		}
		seen := map[string]bool{}
		for _, n := range alerts.List() {
			a := readTierAlert(n)
			if seen[a.Severity] {
				n.Errorf("severity %q stands twice in tier %q: put its pairs together", a.Severity, e.Name)
			}
			seen[a.Severity] = true
			t.Alerts = append(t.Alerts, a)
		}
		m.Done()
		c.Tiers[e.Name] = t
	}
}

func readTierAlert(n document.Node) slo.TierAlert {
	m := n.Mapping()
	severity := m.Require("severity")
	a := slo.TierAlert{Severity: severity.String()}
	if a.Severity != "" && !model.LabelName(a.Severity).IsValidLegacy() {
		severity.Errorf("severity %q: want a name of letters, digits and \"_\"", a.Severity)
	}
	positive(m.Get("for"), &a.For)
	positive(m.Get("keep_firing_for"), &a.KeepFiringFor)
	if n := m.Get("min_bad_events"); !n.IsZero() {
		v, _, ok := n.Number()
		if ok && v < 0 {
			n.Errorf("min_bad_events is a count of events, %s is none", n)
		}
		a.MinBadEvents = v
	}
	pairs := m.Require("pairs")
	list := pairs.List()
	if len(list) == 0 && !pairs.IsZero() {
		pairs.Errorf("no pairs: such an alert never fires; give one or leave the severity out")
	}
	for _, n := range list {
		a.Pairs = append(a.Pairs, readPair(n))
	}
	m.Done()
	return a
}

func readPair(n document.Node) slo.TierPair {
	m := n.Mapping()
	var p slo.TierPair
	short := m.Require("short")
	positive(m.Require("long"), &p.Long)
	positive(short, &p.Short)
	if p.Long > 0 && p.Short >= p.Long {
		short.Errorf("the short window, %s, is not shorter than the long one", short)
	}
	for _, w := range []time.Duration{p.Long, p.Short} {
		if w > slo.MaxWindow || w%slo.DefaultSlot != 0 {
			n.Errorf("windows of a pair are whole multiples of 15s, 92d at most")
			break
		}
	}
	share, factor := m.Get("share"), m.Get("factor")
	switch {
	case share.IsZero() == factor.IsZero():
		n.Errorf("a pair has either \"share\", the part of the budget spent in the long window, or \"factor\", a burn rate")
	case !share.IsZero():
		p.Share = readShare(share)
	default:
		v, _, ok := factor.Number()
		if ok && v <= 0 {
			factor.Errorf("factor %s: a burn rate is more than 0", factor)
		}
		p.Factor = v
	}
	m.Done()
	return p
}

// readShare reads "2%" or 0.02.
func readShare(n document.Node) float64 {
	text, percent := strings.CutSuffix(strings.TrimSpace(n.String()), "%")
	exponent := ""
	if percent {
		exponent = "e-2"
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text)+exponent, 64)
	if err != nil || v <= 0 || v > 1 || v != v {
		n.Errorf("share %q: want a part of the budget such as 2%%", n)
	}
	return v
}
