package openslo

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// reader reads one SLO.
type reader struct {
	*spec.Reader
	library *Library
	format  slo.Format
}

// Read reads a document of kind SLO. Each of its objectives is one of ours.
func (l *Library) Read(doc *spec.Reader, m *document.Mapping) {
	version := m.Get("apiVersion")
	r := reader{doc, l, slo.Format(version.String())}
	before := len(r.Doc.Problems())
	if version.String() == inKubernetes {
		r.format = slo.FormatOpenSLO
		r.Finding(slo.LevelInfo, "assumed", version.Problem("apiVersion %s is taken for %s", version, slo.FormatOpenSLO))
	}
	m.Get("kind")
	m.Get("status")
	metaNode, specNode := m.Require("metadata"), m.Require("spec")
	m.Done()
	meta, s := metaNode.Mapping(), specNode.Mapping()
	nameNode := meta.Require("name")
	h := header{name: nameNode, labels: r.labels(meta.Get("labels")), annotations: meta.Get("annotations").StringMap()}
	meta.Get("displayName")
	if version.String() == inKubernetes {
		meta.Rest() // whatever else Kubernetes keeps there
	}
	meta.Done()
	if specNode.IsZero() || nameNode.IsZero() {
		return
	}
	h.description = s.Get("description").String()
	h.service = r.Name(s.Require("service"), "service")
	h.window = r.window(s)
	h.method = s.Get("budgetingMethod")
	h.indicator, h.indicatorRef = s.Get("indicator"), s.Get("indicatorRef")
	h.policies = s.Get("alertPolicies")
	objectives := s.Require("objectives")
	s.Done()
	r.budgeting(h.method)
	list := objectives.List()
	if len(list) == 0 && !objectives.IsZero() {
		objectives.Errorf("\"objectives\" is empty: an SLO without objectives has no use")
	}
	if len(r.Doc.Problems()) > before {
		return // without a sound header no objective means what its writer meant
	}
	names := map[string]bool{}
	for i, n := range list {
		r.Named(n.Mapping(), nameNode, func(o *slo.Objective) {
			o.Source.Line, o.Source.Column = n.Place()
			if len(list) > 1 {
				o.Name += "-" + suffix(n, i, names)
			}
			r.objective(n.Mapping(), o, h)
		})
	}
}

// header is what an SLO says for all its objectives.
type header struct {
	name                    document.Node
	service, description    string
	labels, annotations     map[string]string
	window                  slo.Window
	method                  document.Node
	indicator, indicatorRef document.Node
	policies                document.Node
}

// suffix tells the objectives of one SLO apart: the display name as far as a name may
// hold it, else the number.
func suffix(n document.Node, i int, taken map[string]bool) string {
	s := strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.':
			return c
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, n.Mapping().Get("displayName").String()), "-.")
	if s == "" || len(s) > 40 || taken[s] {
		s = fmt.Sprint(i + 1)
	}
	taken[s] = true
	return s
}

func (r reader) objective(m *document.Mapping, o *slo.Objective, h header) {
	o.Format, o.Service, o.Description = r.format, h.service, h.description
	o.Labels, o.Windows = h.labels, []slo.Window{h.window}
	o.Owner = h.labels["owner"]
	if o.Owner == "" {
		o.Owner = h.labels["team"]
	}
	o.Runbook, o.Dashboard = h.annotations["runbook"], h.annotations["dashboard"]
	o.RollUpAlerts = true
	if display := m.Get("displayName").String(); o.Description == "" {
		o.Description = display
	}
	o.Target = r.target(m)
	o.SLI = r.sli(m, h)
	r.timeslices(m, h.method, &o.SLI)
	tier := r.Tiers[r.DefaultTier]
	o.Tier, o.Policy = r.DefaultTier, tier.Policy
	o.Rules = r.alerts(m, h.policies, tier.Rules(o.Windows[0]))
	m.Done()
}

// target reads a ratio or a percentage.
func (r reader) target(m *document.Mapping) float64 {
	one, percent, alpha := m.Get("target"), m.Get("targetPercent"), m.Get("budgetTarget")
	n := one
	switch {
	case !one.IsZero() && !percent.IsZero():
		percent.Errorf("\"target\" and \"targetPercent\" are given: keep one")
	case !percent.IsZero():
		n = percent
	case !alpha.IsZero():
		n = alpha
	case one.IsZero():
		m.Node().Errorf("\"target\" is missing: want a ratio such as 0.999, or targetPercent")
		return 0
	}
	v, ok := number(n)
	if !percent.IsZero() {
		v, ok = r.Percent(percent)
	}
	if ok && (v <= 0 || v > 1 || v != v) {
		n.Errorf("target %s: want a ratio above 0 and below 1, such as 0.999 (or targetPercent: 99.9)", n)
	}
	return v
}

// number reads a number that may stand in quotes, as Kubernetes resources have it.
func number(n document.Node) (float64, bool) {
	text, ok := n.Text()
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		n.Errorf("want a number, have %s", n.Kind())
	}
	return v, err == nil
}

// budgeting says what is not honoured of a budgeting method.
func (r reader) budgeting(n document.Node) {
	switch n.String() {
	case "", "Occurrences", "Timeslices":
	case "RatioTimeslices":
		r.Finding(slo.LevelInfo, "budgeting", n.Problem("budgetingMethod RatioTimeslices is honoured: it lets quiet slices weigh as much as busy ones; with Occurrences every event weighs the same"))
	default:
		n.Errorf("budgetingMethod %q is not known: want Occurrences, Timeslices or RatioTimeslices", n)
	}
}

// timeslices makes slices of time the events of an SLI, if the SLO asks for it: one is
// good if so great a share of its events is, or as bad as its share of bad events. Those
// of gauges are slices already.
func (r reader) timeslices(m *document.Mapping, method document.Node, sli *slo.SLI) {
	targetNode, lengthNode := m.Get("timeSliceTarget"), m.Get("timeSliceWindow")
	target, _, ok := targetNode.Number()
	length := r.Duration(lengthNode)
	ratio := method.String() == "RatioTimeslices"
	if method.String() != "Timeslices" && !ratio || len(sli.Terms) == 0 || sli.Terms[0].Kind == slo.GaugeSlices {
		return
	}
	if length == 0 {
		length = time.Minute
	}
	switch {
	case targetNode.IsZero() && !ratio:
		m.Node().Errorf("budgetingMethod Timeslices needs timeSliceTarget: the share of good events that makes a slice good, such as 0.95")
	case ok && !ratio && (target <= 0 || target > 1):
		targetNode.Errorf("timeSliceTarget %s: want a ratio above 0 and up to 1, such as 0.95", targetNode)
	case length < time.Minute || length > time.Hour || length%time.Minute != 0 || time.Hour%length != 0:
		r.Finding(slo.LevelWarning, "budgeting", lengthNode.Problem("timeSliceWindow %s is not whole minutes that divide an hour: every event weighs the same instead", lengthNode))
	case ratio:
		sli.Slice = slo.Slice{Length: length, Ratio: true}
	default:
		// The twelfth digit is rounded, so that 1 − 0.95 is 0.05.
		sli.Slice = slo.Slice{Length: length, MaxBad: math.Round((1-target)*1e12) / 1e12}
	}
}

// labels reads values or lists of such. Names that Prometheus cannot have are changed.
func (r reader) labels(n document.Node) map[string]string {
	var out map[string]string
	for _, e := range n.Mapping().Entries() {
		name := strings.Map(func(c rune) rune {
			if c == '-' || c == '.' || c == '/' {
				return '_'
			}
			return c
		}, e.Name)
		if !model.LabelName(name).IsValidLegacy() || strings.HasPrefix(name, "__") {
			e.Key.Errorf("%q is not a label name: want letters, digits and \"_\", not beginning with a digit", e.Name)
			continue
		}
		if name != e.Name {
			r.Finding(slo.LevelInfo, "assumed", e.Key.Problem("label %q is called %q here: Prometheus knows no other name", e.Name, name))
		}
		out = spec.Merge(out, map[string]string{name: strings.Join(e.Value.Strings(), ",")})
	}
	return out
}
