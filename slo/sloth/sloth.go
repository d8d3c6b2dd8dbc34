package sloth

import (
	"slices"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// reader reads Sloth's formats.
type reader struct {
	*spec.Reader
	format  slo.Format
	windows Windows
	// chain are the SLO plugins of all objectives.
	chain []plugin
}

// Read reads a document of Sloth's prometheus/v1. Keys are taken in camelCase
// too: people copy them from Sloth's Kubernetes resources.
func Read(doc *spec.Reader, m *document.Mapping, windows Windows) {
	m.Get("version")
	r := reader{Reader: doc, format: slo.FormatSloth, windows: windows}
	r.service(m)
}

// ReadResource reads a document of Sloth's PrometheusServiceLevel. Its keys are
// camelCase; the snake_case of the plain files is taken too, as it is found in the
// wild and means nothing else.
func ReadResource(doc *spec.Reader, m *document.Mapping, windows Windows) {
	m.Get("apiVersion")
	m.Get("status")
	m.Get("metadata")
	if kind := m.Require("kind"); kind.String() != "PrometheusServiceLevel" && !kind.IsZero() {
		kind.Errorf("kind %s is none of Sloth's: want PrometheusServiceLevel or AlertWindows", kind)
		return
	}
	spec := m.Require("spec")
	m.Done()
	if !spec.IsZero() {
		r := reader{Reader: doc, format: slo.FormatSlothCRD, windows: windows}
		r.service(spec.Mapping())
	}
}

// service reads the objectives of one service.
func (r reader) service(m *document.Mapping) {
	before := len(r.Doc.Problems())
	service := r.Name(m.Require("service"), "service")
	labels := r.Labels(m.Get("labels"), taken)
	r.chain = r.sloPlugins(m.Get("slo_plugins", "sloPlugins"))
	list := m.Require("slos")
	m.Done()
	header := len(r.Doc.Problems()) - before

	nodes := list.List()
	if len(nodes) == 0 && header == 0 {
		list.Errorf("\"slos\" is empty: a file without objectives has no use")
	}
	for _, n := range nodes {
		r.Objective(n, func(m *document.Mapping, o *slo.Objective) {
			o.Format, o.Service = r.format, service
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
	o.Windows = []slo.Window{r.SlothPeriod}
	o.Policy = r.Tiers[r.DefaultTier].Policy
	chain := slices.Concat(r.chain, r.sloPlugins(m.Get("plugins")))
	o.SLI = r.sli(m.Require("sli"))
	o.Rules = r.alerts(m, o, has(chain, pluginAlertFor))
	for _, p := range chain {
		if p.id == pluginExhausted {
			o.Rules = append(o.Rules, r.exhausted(p, o))
		}
	}
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
