package native

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// taken are the labels an objective cannot have for its own, with what to write
// instead.
var taken = map[string]string{
	"slo":        "it is the objective's name",
	"service":    "write it as service:",
	"owner":      "write it as owner:",
	"tier":       "write it as tier:",
	"severity":   "tiers name it",
	"alertname":  "it is " + slo.AlertBurn,
	"alertstate": "Prometheus's ALERTS has it",
	"window":     "write it as window:",
	"source":     "it tells the remote-write streams of one budget apart",
	"generation": "the ledger keeps it",
	"state":      "the budget's state has it",
}

// reader reads our own format.
type reader struct{ *spec.Reader }

// Read reads a document of our own format.
func Read(doc *spec.Reader, m *document.Mapping) {
	r := reader{doc}
	service := r.Name(m.Require("service"), "service")
	owner := m.Get("owner").String()
	labels := r.Labels(m.Get("labels"), taken)
	defaults := nativeDefaults{
		tier: m.Get("tier"), window: m.Get("window"), windows: m.Get("windows"), zone: m.Get("time_zone"),
		runbook: r.URL(m.Get("runbook")), dashboard: r.URL(m.Get("dashboard")),
		review: m.Get("review"), traffic: m.Get("traffic"),
	}
	objectives := m.Require("objectives")
	m.Done()
	list := objectives.List()
	header := len(r.Doc.Problems())
	if len(list) == 0 && header == 0 {
		objectives.Errorf("\"objectives\" is empty: a file without objectives has no use")
	}
	for _, n := range list {
		r.lines(n, func(m *document.Mapping, o *slo.Objective, l line) {
			o.Format, o.Service = slo.FormatNative, service
			o.Description = m.Get("description").String()
			o.Owner = m.Get("owner").String()
			if o.Owner == "" {
				o.Owner = owner
			}
			o.Labels = spec.Merge(labels, r.Labels(m.Get("labels"), taken))
			r.nativeObjective(m, o, defaults, l)
		})
	}
	if header > 0 {
		// Without a sound header no objective means what its writer meant.
		r.Drop()
	}
}

// nativeDefaults are what a document says for all its objectives.
type nativeDefaults struct {
	tier, window, windows, zone, review, traffic document.Node
	runbook, dashboard                           string
}

func (r reader) nativeObjective(m *document.Mapping, o *slo.Objective, d nativeDefaults, l line) {
	o.Target = r.target(l.target(m))
	o.Review, o.Traffic = r.review(m.Get("review"), d.review), r.traffic(m.Get("traffic"), d.traffic)
	o.Windows = r.windows(m, d)
	o.Runbook, o.Dashboard = r.URL(m.Get("runbook")), r.URL(m.Get("dashboard"))
	if o.Runbook == "" {
		o.Runbook = d.runbook
	}
	if o.Dashboard == "" {
		o.Dashboard = d.dashboard
	}
	by := r.Groups(m.Get("by"))
	sli := m.Require("sli")
	o.SLI = r.sli(sli, o.Service, l)
	if len(by) > 0 {
		if sli.Mapping().Has("query") {
			m.Get("by").Errorf("a query names its groups itself, with sum by (…): leave \"by\" out")
		}
		o.SLI.By = by
	}
	o.RollUpAlerts = true

	r.absence(m, o)
	if o.SLI.Composite() {
		r.ofMembers(m)
	}
	tier, ok := r.tier(m.Get("tier"), d.tier)
	o.Tier, o.Policy = tier.Name, tier.Policy
	segments := r.segments(m.Get("segments"), o.SLI.By, tier, o.Target)
	tiers := []slo.Tier{tier}
	for _, s := range segments {
		tiers = append(tiers, s.tier)
	}
	alerting := r.alerting(m.Get("alerting"), tiers)
	if !ok || len(o.Windows) == 0 {
		return
	}
	o.Rules = alerting.change(tier.Rules(o.Windows[0]))
	for _, s := range segments {
		o.Segments = append(o.Segments, s.of(o, alerting))
	}
	r.imported(m.Get("imported"), o)
}

// review reads how often a target is looked at again.
func (r reader) review(own, document document.Node) time.Duration {
	n := own
	if n.IsZero() {
		n = document
	}
	d := r.Duration(n)
	if !n.IsZero() && d < 24*time.Hour {
		n.Errorf("review %q: want how often the target is reviewed, a day or more, such as 90d", n)
	}
	return d
}

// traffic reads whose events are counted.
func (r reader) traffic(own, document document.Node) slo.Traffic {
	n := own
	if n.IsZero() {
		n = document
	}
	switch t := slo.Traffic(n.String()); t {
	case "":
		return slo.TrafficReal
	case slo.TrafficReal, slo.TrafficSynthetic:
		return t
	default:
		n.Errorf("traffic %q: want %s (users' own requests) or %s (a probe's)", t, slo.TrafficReal, slo.TrafficSynthetic)
		return t
	}
}

// target reads a percentage between 0 and 100.
func (r reader) target(n document.Node) float64 {
	v, ok := r.Percent(n)
	switch {
	case !ok:
	case v <= 0 || v != v:
		n.Errorf("target %s: want a percentage above 0 and below 100, such as 99.9", n)
	case v >= 1:
		n.Errorf("target %s: want a percentage below 100, such as 99.9: at 100 the first bad event would spend the whole budget", n)
	}
	return v
}

// windows reads the budget windows, from the document's defaults where the
// objective has none.
func (r reader) windows(m *document.Mapping, d nativeDefaults) []slo.Window {
	one, many, zoneNode := m.Get("window"), m.Get("windows"), m.Get("time_zone")
	if !one.IsZero() && !many.IsZero() {
		one.Errorf("\"window\" and \"windows\" are given: keep one")
	}
	ownZone := !zoneNode.IsZero()
	if one.IsZero() && many.IsZero() {
		one, many = d.window, d.windows
	}
	if !ownZone {
		zoneNode = d.zone
	}
	zone := time.UTC
	if !zoneNode.IsZero() {
		z, err := time.LoadLocation(zoneNode.String())
		if err != nil || zoneNode.String() == "Local" {
			zoneNode.Errorf("time zone %q is not known: want a name such as Europe/Berlin", zoneNode)
		} else {
			zone = z
		}
	}
	nodes := many.OneOrMore()
	if !one.IsZero() {
		nodes = []document.Node{one}
	}
	if len(nodes) == 0 {
		return []slo.Window{r.DefaultWindow}
	}
	var ws []slo.Window
	calendar := false
	for _, n := range nodes {
		w, err := slo.ParseWindow(n.String(), zone)
		if err != nil {
			n.Errorf("%v", err)
			continue
		}
		if slices.ContainsFunc(ws, func(v slo.Window) bool { return v.String() == w.String() }) {
			n.Errorf("window %q stands twice", w)
		}
		calendar = calendar || w.Calendar != ""
		ws = append(ws, w)
	}
	if ownZone && !calendar && len(ws) > 0 {
		zoneNode.Errorf("time_zone has no meaning for a rolling window: want a window of day, week, month or quarter")
	}
	return ws
}

// tier looks up the objective's tier, the document's or the default.
func (r reader) tier(own, document document.Node) (slo.Tier, bool) {
	n, name := own, own.String()
	if name == "" {
		n, name = document, document.String()
	}
	if name == "" {
		name = r.DefaultTier
	}
	t, ok := r.Tiers[name]
	if !ok {
		n.Errorf("tier %q is not known: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(r.Tiers)), ", "))
	}
	if t.Name == "" {
		t.Name = name
	}
	return t, ok
}
