package sloth

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// The SLO plugins that change what slowburn does.
const (
	pluginExhausted = "sloth.dev/contrib/error_budget_exhausted_alert/v1"
	pluginAlertFor  = "sloth.dev/contrib/alert_for/v1"
)

// needless are SLO plugins whose end slowburn serves without them.
var needless = map[string]string{
	"sloth.dev/contrib/denominator_corrected_rules/": "slowburn weighs by events throughout",
	"sloth.dev/contrib/rule_intervals/":              "slowburn has no rules",
	"sloth.dev/contrib/validate_victoria_metrics/":   "slowburn checks queries itself",
}

// plugin is one of a chain.
type plugin struct {
	id     string
	at     document.Node
	config document.Node
}

func has(chain []plugin, id string) bool {
	return slices.ContainsFunc(chain, func(p plugin) bool { return p.id == id })
}

// sloPlugins reads a chain of SLO plugins. What Sloth's own do is what slowburn does
// anyway; those that are known by their meaning are honoured; any other changes rules
// that slowburn does not write.
func (r reader) sloPlugins(n document.Node) []plugin {
	if n.IsZero() {
		return nil
	}
	var chain []plugin
	m := n.Mapping()
	m.Get("overridePrevious", "override_previous").Bool()
	for _, n := range m.Get("chain").List() {
		pm := n.Mapping()
		at := pm.Require("id")
		p := plugin{id: at.String(), at: at, config: pm.Get("config")}
		pm.Get("priority").Number()
		pm.Done()
		chain = append(chain, p)
		r.said(p)
	}
	m.Done()
	return chain
}

// said says of a plugin what is not honoured.
func (r reader) said(p plugin) {
	for _, prefix := range slices.Sorted(maps.Keys(needless)) {
		if strings.HasPrefix(p.id, prefix) {
			r.Finding(slo.LevelInfo, "plugin", p.at.Problem("plugin %s is not needed: %s", p.id, needless[prefix]))
			return
		}
	}
	switch {
	case p.id == "", p.id == pluginExhausted, p.id == pluginAlertFor, strings.HasPrefix(p.id, "sloth.dev/core/"):
	default:
		r.Finding(slo.LevelWarning, "plugin", p.at.Problem("plugin %s is not supported: the objective is read as if it were not there", p.id))
	}
}

// exhausted is the alert of the plugin for spent budgets: what is left of the period's
// budget is at most the threshold. Left is 1 − burn rate of the period, so the
// condition is a burn rate.
func (r reader) exhausted(p plugin, o *slo.Objective) slo.Rule {
	m := p.config.Mapping()
	threshold, _, _ := m.Get("threshold").Number()
	hold := r.Duration(m.Get("for"))
	if hold == 0 {
		hold = 5 * time.Minute
	}
	name := m.Get("alert_name").String()
	if name == "" {
		name = "ErrorBudgetExhausted"
	}
	labels, annotations := m.Get("alert_labels").StringMap(), m.Get("annotations").StringMap()
	if s := m.Get("selector_labels"); !s.IsZero() {
		r.Finding(slo.LevelWarning, "plugin", s.Problem("selector_labels of plugin %s are ignored: the alert is for every budget of the objective", p.id))
	}
	m.Done()
	period := o.Windows[0].Length
	severity := labels["severity"]
	if severity == "" {
		severity = slo.SeverityTicket
	}
	return slo.Rule{
		Key: "exhausted", AlertName: name, Severity: severity, For: hold,
		Pairs:  []slo.Pair{{Long: period, Short: period, Factor: 1 - threshold}},
		Labels: spec.Merge(r.identity(o), labels), Annotations: annotations,
	}
}
