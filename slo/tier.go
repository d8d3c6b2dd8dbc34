package slo

import (
	"maps"
	"math"
	"time"
)

// DefaultSlot is the length of a slot unless the configuration says otherwise.
const DefaultSlot = 15 * time.Second

// Tier is a named risk class: which burn rates alert at which severity, and what
// follows from a spent budget.
type Tier struct {
	Name   string
	Alerts []TierAlert
	Policy Policy
}

// TierAlert is what a tier asks for at one severity.
type TierAlert struct {
	Severity           string
	Pairs              []TierPair
	For, KeepFiringFor time.Duration
	MinBadEvents       float64
}

// TierPair is a pair of windows whose threshold is a share of the budget spent
// within the long one (ratio 0–1), or a burn-rate factor if Share is 0.
type TierPair struct {
	Long, Short   time.Duration
	Share, Factor float64
}

// DefaultAlerts are the pairs of the SRE Workbook ch. 5, table 5-8: 2 % of the
// budget in 1 h and 5 % in 6 h page, 10 % in 1 d and 10 % in 3 d make a ticket.
// For a 30 d window these are burn rates of 14.4, 6, 3 and 1.
func DefaultAlerts() []TierAlert {
	const h = time.Hour
	return []TierAlert{
		{Severity: SeverityPage, Pairs: []TierPair{
			{Long: h, Short: 5 * time.Minute, Share: 0.02},
			{Long: 6 * h, Short: 30 * time.Minute, Share: 0.05},
		}},
		{Severity: SeverityTicket, Pairs: []TierPair{
			{Long: day, Short: 2 * h, Share: 0.10},
			{Long: 3 * day, Short: 6 * h, Share: 0.10},
		}},
	}
}

// criticalAlerts also page for 1 % of the budget in 15 min, a burn rate of 28.8 at 30 d:
// an outage is told in half the time that 2 % in 1 h takes, and its end in less than
// half. Its ticket comes at half the pace, 5 % in 1 d.
func criticalAlerts() []TierAlert {
	alerts := DefaultAlerts()
	quick := TierPair{Long: 15 * time.Minute, Short: 2 * time.Minute, Share: 0.01}
	alerts[0].Pairs = append([]TierPair{quick}, alerts[0].Pairs...)
	alerts[1].Pairs[0].Share = 0.05
	return alerts
}

// DefaultTiers are the shipped tiers. An objective without a tier is standard.
func DefaultTiers() map[string]Tier {
	critical := criticalAlerts()
	background := DefaultAlerts()[1:]
	return map[string]Tier{
		"critical":   {Name: "critical", Alerts: critical, Policy: DefaultPolicy()},
		"standard":   {Name: "standard", Alerts: DefaultAlerts(), Policy: DefaultPolicy()},
		"background": {Name: "background", Alerts: background, Policy: DefaultPolicy()},
	}
}

// Rules makes the alert rules of an objective of this tier. Thresholds scale
// with window, the objective's first; pairs longer than that window are left out.
func (t Tier) Rules(window Window) []Rule {
	var rules []Rule
	for _, a := range t.Alerts {
		r := Rule{
			AlertName:     AlertBurn,
			Severity:      a.Severity,
			For:           a.For,
			KeepFiringFor: a.KeepFiringFor,
			MinBadEvents:  a.MinBadEvents,
			Labels:        map[string]string{"severity": a.Severity},
		}
		for _, p := range a.Pairs {
			if p.Long > window.Nominal() {
				continue
			}
			r.Pairs = append(r.Pairs, p.Resolve(window))
		}
		if len(r.Pairs) > 0 {
			r.Labels = maps.Clone(r.Labels)
			rules = append(rules, r)
		}
	}
	return rules
}

// Resolve turns the share of the budget of window into a burn-rate factor:
// share × window ÷ long window. The tenth digit is rounded, so that 2 % of 30 d
// in 1 h is 14.4 and not 14.399999999999999.
func (p TierPair) Resolve(window Window) Pair {
	f := p.Factor
	if p.Share > 0 {
		f = p.Share * window.Nominal().Hours() / p.Long.Hours()
		f = math.Round(f*1e10) / 1e10
	}
	return Pair{Long: p.Long, Short: p.Short, Factor: f}
}
