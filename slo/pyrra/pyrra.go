package pyrra

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// prefix marks those of a resource's labels and annotations that Pyrra carries over
// to its rules.
const prefix = "pyrra.dev/"

// Names are the objectives read so far, by ID. Pyrra lets several resources have one
// name if their labels differ.
type Names map[string]bool

// reader reads one resource.
type reader struct{ *spec.Reader }

// Read reads a document of Pyrra's ServiceLevelObjective.
func Read(doc *spec.Reader, m *document.Mapping, names Names) {
	r := reader{doc}
	before := len(r.Doc.Problems())
	m.Get("apiVersion")
	if kind := m.Require("kind"); kind.String() != "ServiceLevelObjective" && !kind.IsZero() {
		kind.Errorf("kind %s is none of Pyrra's: want ServiceLevelObjective", kind)
		return
	}
	m.Get("status")
	metaNode, specNode := m.Require("metadata"), m.Require("spec")
	m.Done()
	meta, objective := metaNode.Mapping(), specNode.Mapping()
	name := meta.Require("name")
	if len(r.Doc.Problems()) > before {
		return
	}
	r.Named(objective, name, func(o *slo.Objective) {
		o.Format = slo.FormatPyrra
		o.Labels = r.propagated(meta.Get("labels"))
		o.Service = r.service(meta, o)
		o.Owner = o.Labels["owner"]
		if o.Owner == "" {
			o.Owner = o.Labels["team"]
		}
		annotations := propagatedTexts(meta.Get("annotations"))
		meta.Rest() // whatever else Kubernetes keeps there
		r.objective(objective, o, annotations)
		r.rename(o, name, names)
		objective.Done()
	})
}

// propagated are the labels that Pyrra puts on everything it makes.
func (r reader) propagated(n document.Node) map[string]string {
	labels := propagatedTexts(n)
	for _, e := range n.Mapping().Entries() {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok && !validLabel(name) {
			e.Key.Errorf("%q is not a label name: want letters, digits and \"_\", not beginning with a digit", name)
		}
	}
	return labels
}

func propagatedTexts(n document.Node) map[string]string {
	var out map[string]string
	for _, e := range n.Mapping().Entries() {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok {
			out = spec.Merge(out, map[string]string{name: e.Value.String()})
		}
	}
	return out
}

// service is the label of that name, else the namespace.
func (r reader) service(meta *document.Mapping, o *slo.Objective) string {
	namespace := meta.Get("namespace")
	switch {
	case o.Labels["service"] != "":
		return r.Name(meta.Get("labels").Mapping().Get(prefix+"service"), "service")
	case !namespace.IsZero():
		return r.Name(namespace, "namespace")
	}
	return "default"
}

// rename makes an ID of its own for a resource that shares its name with another.
// Its series and alerts keep the name.
func (r reader) rename(o *slo.Objective, at document.Node, names Names) {
	if !names[o.ID()] {
		names[o.ID()] = true
		return
	}
	own := o.Name
	for _, label := range slices.Sorted(maps.Keys(o.Labels)) {
		if label != "service" && label != "team" && label != "owner" {
			o.Name += "-" + strings.Map(nameRune, o.Labels[label])
		}
	}
	o.Name = strings.TrimRight(o.Name, "-_.")
	if names[o.ID()] || o.Name == own {
		o.Name = own // the same in all: a duplicate, as the loader says
		return
	}
	names[o.ID()] = true
	o.Labels[slo.LabelSLO] = own
	r.Finding(slo.LevelInfo, "renamed", at.Problem("another resource is named %q too: slowburn calls this one %q, after its labels; alerts and pyrra_* series keep the name", own, o.Name))
}

func nameRune(c rune) rune {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		return c
	}
	return '-'
}

func (r reader) objective(m *document.Mapping, o *slo.Objective, annotations map[string]string) {
	o.Description = m.Get("description").String()
	target := m.Require("target")
	if v, ok := r.TextPercent(target); ok {
		if v <= 0 || v > 1 || v != v {
			target.Errorf("target %s: want a percentage above 0, 100 at most, such as \"99.9\"", target)
		}
		o.Target = v
	}
	r.window(m.Require("window"), o)
	o.Policy = r.Tiers[r.DefaultTier].Policy
	var matchers map[string]string
	o.SLI, matchers = r.indicator(m.Require("indicator"))
	// Pyrra alerts per group; there is no roll-up.
	o.RollUpAlerts = len(o.SLI.By) == 0
	if len(o.Windows) > 0 {
		r.alerts(m, o, matchers, annotations)
	} else {
		m.Get("alerting")
	}
	for _, key := range []string{"runbook", "runbook_url"} {
		if v := annotations[key]; o.Runbook == "" && !strings.Contains(v, "{{") {
			o.Runbook = v
		}
	}
	for _, key := range []string{"dashboard", "dashboard_url"} {
		if v := annotations[key]; o.Dashboard == "" && !strings.Contains(v, "{{") {
			o.Dashboard = v
		}
	}
	r.ignored(m)
}

func (r reader) window(n document.Node, o *slo.Objective) {
	if n.IsZero() {
		return
	}
	w, err := slo.ParseWindow(n.String(), time.UTC)
	if err != nil || w.Calendar != "" {
		n.Errorf("window %q: want a duration from 1h to 92d, such as 4w", n)
		return
	}
	o.Windows = []slo.Window{w}
}

// ignored reads what steers how Pyrra writes its rules.
func (r reader) ignored(m *document.Mapping) {
	if n := m.Get("partial_response_strategy"); n.String() != "" {
		r.Finding(slo.LevelInfo, "ignored", n.Problem("partial_response_strategy steers Thanos's ruler, and slowburn has no rules: it is ignored"))
	}
	if n := m.Get("performanceOverAccuracy"); n.Bool() {
		r.Finding(slo.LevelInfo, "ignored", n.Problem("performanceOverAccuracy is not needed: slowburn is exact at no cost"))
	}
	if n := m.Get("ruleOutput"); !n.IsZero() {
		r.Finding(slo.LevelInfo, "ignored", n.Problem("ruleOutput steers Pyrra's rules, and slowburn has none: it is ignored"))
	}
	r.burnRateType(m.Get("burnRateType"))
}

// burnRateType stands beside the window or under alerting.
func (r reader) burnRateType(n document.Node) {
	if n.String() != "" && n.String() != "static" {
		r.Finding(slo.LevelWarning, "ignored", n.Problem("burnRateType %s is not supported: the factors are Pyrra's 14, 7, 2 and 1", n))
	}
}
