package slo

import (
	"strings"

	"github.com/slowburn/slowburn/slo/document"
)

// The labels Sloth puts on its series and alerts.
const (
	LabelSlothID       = "sloth_id"
	LabelSlothService  = "sloth_service"
	LabelSlothSLO      = "sloth_slo"
	LabelSlothSeverity = "sloth_severity"
)

// SlothID is Sloth's identity of an objective, service-name.
func (o *Objective) SlothID() string { return o.Service + "-" + o.Name }

// sloth reads a document of Sloth's prometheus/v1. Keys are taken in camelCase
// too: people copy them from Sloth's Kubernetes resources.
func (r *reader) sloth(m *document.Mapping) {
	service := r.name(m.Require("service"), "service")
	labels := r.labels(m.Get("labels"), slothTaken)
	plugins := m.Get("slo_plugins", "sloPlugins")
	list := m.Require("slos")
	m.Done()
	r.findings = nil
	r.slothPlugins(plugins)
	shared := r.findings
	header := len(r.doc.Problems())

	nodes := list.List()
	if len(nodes) == 0 && header == 0 {
		list.Errorf("\"slos\" is empty: a file without objectives has no use")
	}
	for _, n := range nodes {
		r.objective(n, func(m *document.Mapping, o *Objective) {
			o.Format, o.Service = FormatSloth, service
			o.Labels = merge(labels, r.labels(m.Get("labels"), slothTaken))
			o.Owner = o.Labels["owner"]
			r.findings, shared = append(r.findings, shared...), nil
			r.slothObjective(m, o)
		})
	}
	if header > 0 {
		r.found = nil
	}
}

var slothTaken = map[string]string{
	LabelSlothID:      "Sloth sets it",
	LabelSlothService: "Sloth sets it",
	LabelSlothSLO:     "Sloth sets it",
	"sloth_window":    "Sloth sets it",
}

func (r *reader) slothObjective(m *document.Mapping, o *Objective) {
	o.Description = m.Get("description").String()
	objective := m.Require("objective")
	if v, ok := r.percent(objective); ok {
		if v <= 0 || v > 1 || v != v {
			objective.Errorf("objective %s: want a percentage above 0, 100 at most, such as 99.9", objective)
		}
		o.Target = v
	}
	o.Windows = []Window{r.opts.DefaultWindow}
	o.Policy = r.opts.Tiers[r.opts.DefaultTier].Policy
	r.slothPlugins(m.Get("plugins"))
	o.SLI = r.slothSLI(m.Require("sli"))
	o.Rules = r.slothAlerts(m, o)
	for _, rule := range o.Rules {
		for _, key := range []string{"runbook", "runbook_url"} {
			if v := rule.Annotations[key]; o.Runbook == "" && !strings.Contains(v, "{{") {
				o.Runbook = v
			}
		}
		if v := rule.Annotations["dashboard"]; o.Dashboard == "" && !strings.Contains(v, "{{") {
			o.Dashboard = v
		}
	}
	// Sloth alerts per group of the query's result; there is no roll-up.
	o.RollUpAlerts = len(o.SLI.By) == 0
}

// slothSLI reads exactly one of Sloth's SLI types.
func (r *reader) slothSLI(n document.Node) SLI {
	m := n.Mapping()
	events, raw, plugin := m.Get("events"), m.Get("raw"), m.Get("plugin")
	m.Done()
	given := 0
	for _, k := range []document.Node{events, raw, plugin} {
		if k.IsZero() {
			continue
		}
		if given++; given > 1 {
			k.Errorf("an SLI is of one type: keep one of events, raw, plugin")
			return SLI{}
		}
	}
	switch {
	case !events.IsZero():
		m := events.Mapping()
		bad, total := m.Require("error_query", "errorQuery"), m.Require("total_query", "totalQuery")
		m.Done()
		return r.eventQueries(bad, total)
	case !raw.IsZero():
		m := raw.Mapping()
		ratio := m.Require("error_ratio_query", "errorRatioQuery")
		m.Done()
		return r.ratioQuery(ratio)
	case !plugin.IsZero():
		m := plugin.Mapping()
		id, options := m.Require("id"), m.Get("options")
		m.Done()
		return r.slothSLIPlugin(id, options)
	case !n.IsZero() && len(m.Entries()) == 0:
		n.Errorf("the SLI is empty: want one of events, raw, plugin")
	}
	return SLI{}
}

// slothPlugins reads a chain of SLO plugins. What Sloth's own do is what slowburn
// does anyway; any other changes rules that slowburn does not write.
func (r *reader) slothPlugins(n document.Node) {
	if n.IsZero() {
		return
	}
	m := n.Mapping()
	m.Get("overridePrevious", "override_previous").Bool()
	for _, p := range m.Get("chain").List() {
		pm := p.Mapping()
		idNode := pm.Require("id")
		pm.Get("config")
		pm.Get("priority").Number()
		pm.Done()
		id := idNode.String()
		switch {
		case id == "", strings.HasPrefix(id, "sloth.dev/core/"):
		case strings.HasPrefix(id, "sloth.dev/contrib/denominator_corrected_rules/"):
			r.finding(LevelInfo, "plugin", idNode.Problem("plugin %s is not needed: slowburn weighs by events throughout", id))
		default:
			r.finding(LevelWarning, "plugin", idNode.Problem("plugin %s is not supported: the objective is read as if it were not there", id))
		}
	}
	m.Done()
}
