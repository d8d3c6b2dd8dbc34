package sloth

import (
	"fmt"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// alerts reads Sloth's alerting block into the rules Sloth would write: same
// name for both severities, no `for` unless the plugin for it is there, the windows of
// the period, labels and annotations as Sloth's.
// Rule.Labels are complete but for the group labels.
func (r reader) alerts(objective *document.Mapping, o *slo.Objective, withFor bool) []slo.Rule {
	n := objective.Get("alerting")
	m := n.Mapping()
	nameNode := m.Get("name")
	name := nameNode.String()
	labels := r.Labels(m.Get("labels"), taken)
	annotations := m.Get("annotations").StringMap()
	own := map[string]alert{
		slo.SeverityPage:   r.alert(m.Get("page_alert", "pageAlert", "high"), withFor),
		slo.SeverityTicket: r.alert(m.Get("ticket_alert", "ticketAlert", "low"), withFor),
	}
	m.Done()
	if name == "" && !(own[slo.SeverityPage].disable && own[slo.SeverityTicket].disable) {
		at := n
		if n.IsZero() {
			at = objective.Node()
		}
		at.Errorf("\"alerting.name\" is missing: give it, or disable page_alert and ticket_alert")
	}

	var rules []slo.Rule
	for _, rule := range (slo.Tier{Alerts: r.windows.of(o.Windows[0])}).Rules(o.Windows[0]) {
		a := own[rule.Severity]
		if a.disable {
			continue
		}
		rule.AlertName = name
		if withFor {
			rule.For = a.hold
		}
		rule.Labels = spec.Merge(r.identity(o), spec.Merge(map[string]string{slo.LabelSlothSeverity: rule.Severity}, spec.Merge(labels, a.labels)))
		rule.Annotations = spec.Merge(map[string]string{
			"title":   fmt.Sprintf("(%s) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.", rule.Severity),
			"summary": "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.",
		}, spec.Merge(annotations, a.annotations))
		rules = append(rules, rule)
	}
	return rules
}

// identity are the labels of all of an objective's series.
func (r reader) identity(o *slo.Objective) map[string]string {
	return spec.Merge(map[string]string{
		slo.LabelSlothID: o.SlothID(), slo.LabelSlothService: o.Service, slo.LabelSlothSLO: o.Name,
	}, o.Labels)
}

// alert is what a file says about one severity.
type alert struct {
	disable             bool
	hold                time.Duration
	labels, annotations map[string]string
}

func (r reader) alert(n document.Node, withFor bool) alert {
	m := n.Mapping()
	hold := m.Get("for")
	if !hold.IsZero() && !withFor {
		r.Finding(slo.LevelInfo, "ignored", hold.Problem("Sloth ignores \"for\" without the plugin %s, and so does slowburn", pluginAlertFor))
	}
	a := alert{
		hold:        r.Duration(hold),
		disable:     m.Get("disable").Bool(),
		labels:      r.Labels(m.Get("labels"), taken),
		annotations: m.Get("annotations").StringMap(),
	}
	m.Done()
	return a
}
