package sloth

import (
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// reader reads Sloth's formats.
type reader struct{ *spec.Reader }

// Read reads a document of Sloth's prometheus/v1. Keys are taken in camelCase
// too: people copy them from Sloth's Kubernetes resources.
func Read(doc *spec.Reader, m *document.Mapping) {
	r := reader{doc}
	service := r.Name(m.Require("service"), "service")
	labels := r.Labels(m.Get("labels"), taken)
	plugins := m.Get("slo_plugins", "sloPlugins")
	list := m.Require("slos")
	m.Done()
	r.sloPlugins(plugins)
	header := len(r.Doc.Problems())

	nodes := list.List()
	if len(nodes) == 0 && header == 0 {
		list.Errorf("\"slos\" is empty: a file without objectives has no use")
	}
	for _, n := range nodes {
		r.Objective(n, func(m *document.Mapping, o *slo.Objective) {
			o.Format, o.Service = slo.FormatSloth, service
			o.Labels = spec.Merge(labels, r.Labels(m.Get("labels"), taken))
			o.Owner = o.Labels["owner"]
			r.objective(m, o)
		})
	}
	if header > 0 {
		r.Drop()
	}
}

var taken = map[string]string{
	slo.LabelSlothID:      "Sloth sets it",
	slo.LabelSlothService: "Sloth sets it",
	slo.LabelSlothSLO:     "Sloth sets it",
	"sloth_window":        "Sloth sets it",
}

func (r reader) objective(m *document.Mapping, o *slo.Objective) {
	o.Description = m.Get("description").String()
	objective := m.Require("objective")
	if v, ok := r.Percent(objective); ok {
		if v <= 0 || v > 1 || v != v {
			objective.Errorf("objective %s: want a percentage above 0, 100 at most, such as 99.9", objective)
		}
		o.Target = v
	}
	o.Windows = []slo.Window{r.DefaultWindow}
	o.Policy = r.Tiers[r.DefaultTier].Policy
	r.sloPlugins(m.Get("plugins"))
	o.SLI = r.sli(m.Require("sli"))
	o.Rules = r.alerts(m, o)
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

// sli reads exactly one of Sloth's SLI types.
func (r reader) sli(n document.Node) slo.SLI {
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
			return slo.SLI{}
		}
	}
	switch {
	case !events.IsZero():
		m := events.Mapping()
		bad, total := m.Require("error_query", "errorQuery"), m.Require("total_query", "totalQuery")
		m.Done()
		return r.EventQueries(bad, total)
	case !raw.IsZero():
		m := raw.Mapping()
		ratio := m.Require("error_ratio_query", "errorRatioQuery")
		m.Done()
		return r.RatioQuery(ratio)
	case !plugin.IsZero():
		m := plugin.Mapping()
		id, options := m.Require("id"), m.Get("options")
		m.Done()
		return r.sliPlugin(id, options)
	case !n.IsZero() && len(m.Entries()) == 0:
		n.Errorf("the SLI is empty: want one of events, raw, plugin")
	}
	return slo.SLI{}
}

// sloPlugins reads a chain of SLO plugins. What Sloth's own do is what slowburn
// does anyway; any other changes rules that slowburn does not write.
func (r reader) sloPlugins(n document.Node) {
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
			r.Finding(slo.LevelInfo, "plugin", idNode.Problem("plugin %s is not needed: slowburn weighs by events throughout", id))
		default:
			r.Finding(slo.LevelWarning, "plugin", idNode.Problem("plugin %s is not supported: the objective is read as if it were not there", id))
		}
	}
	m.Done()
}
