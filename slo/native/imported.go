package native

import (
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// imported reads what an objective that came from another format keeps of it: the
// format, whose series it is served by, its labels, and its alerts as the other tool
// would have made them. They take the place of the tier's.
//
//	imported:
//	  format: prometheus/v1
//	  labels: {team: shop}
//	  alerts:
//	    - name: CheckoutErrors
//	      severity: page
//	      pairs: [{long: 1h, short: 5m, factor: 14.4}]
//	      labels: {sloth_severity: page}
//	      annotations: {summary: "…"}
//	  absent: {name: SLOMetricAbsent, severity: critical, for: 6m, labels: {…}}
func (r reader) imported(n document.Node, o *slo.Objective) {
	if n.IsZero() {
		return
	}
	m := n.Mapping()
	format := m.Require("format")
	switch f := slo.Format(format.String()); f {
	case slo.FormatSloth, slo.FormatSlothCRD, slo.FormatPyrra, slo.FormatOpenSLO, slo.FormatOpenSLOAlpha:
		o.Format = f
	case "":
	default:
		format.Errorf("format %q is none that objectives come from: want %s, %s, %s, %s or %s", f,
			slo.FormatSloth, slo.FormatSlothCRD, slo.FormatPyrra, slo.FormatOpenSLO, slo.FormatOpenSLOAlpha)
	}
	o.Labels = r.Labels(m.Get("labels"), nil)
	o.Rules = nil
	for _, n := range m.Get("alerts").List() {
		o.Rules = append(o.Rules, r.importedAlert(n))
	}
	if n := m.Get("absent"); !n.IsZero() {
		o.Absent = r.importedAbsent(n)
	}
	m.Done()
	if o.Format.Tool() != slo.ToolSlowburn {
		o.Tier = ""
		o.RollUpAlerts = len(o.SLI.By) == 0 // those tools know no roll-up
	}
}

func (r reader) importedAlert(n document.Node) slo.Rule {
	m := n.Mapping()
	rule := slo.Rule{
		Key: m.Get("key").String(), AlertName: m.Require("name").String(), Severity: m.Require("severity").String(),
		For: r.Duration(m.Get("for")), KeepFiringFor: r.Duration(m.Get("keep_firing_for")),
		Labels: r.Labels(m.Get("labels"), nil), Annotations: m.Get("annotations").StringMap(),
	}
	rule.MinBadEvents, _, _ = m.Get("min_bad_events").Number()
	pairs := m.Require("pairs")
	for _, p := range pairs.List() {
		rule.Pairs = append(rule.Pairs, r.importedPair(p))
	}
	if !pairs.IsZero() && len(rule.Pairs) == 0 {
		pairs.Errorf("no pairs: such an alert never fires; give one or leave the alert out")
	}
	m.Done()
	return rule
}

func (r reader) importedPair(n document.Node) slo.Pair {
	m := n.Mapping()
	long, short, factor := m.Require("long"), m.Require("short"), m.Require("factor")
	m.Done()
	p := slo.Pair{Long: r.Duration(long), Short: r.Duration(short)}
	p.Factor, _, _ = factor.Number()
	switch {
	case p.Short > p.Long:
		short.Errorf("the short window, %s, is longer than the long one", short)
	case p.Long > slo.MaxWindow || min(p.Long, p.Short) < time.Minute && !long.IsZero() && !short.IsZero():
		n.Errorf("windows of a pair are from 1m to 92d")
	case !factor.IsZero() && !(p.Factor > 0):
		factor.Errorf("factor %s: a burn rate is more than 0", factor)
	}
	return p
}

func (r reader) importedAbsent(n document.Node) *slo.Absent {
	m := n.Mapping()
	a := &slo.Absent{
		AlertName: m.Require("name").String(), Severity: m.Require("severity").String(), For: r.Duration(m.Get("for")),
		Labels: r.Labels(m.Get("labels"), nil), Annotations: m.Get("annotations").StringMap(),
	}
	m.Done()
	return a
}
