package sloth

import (
	"fmt"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// alerts reads Sloth's alerting block into the rules Sloth would write: same
// name for both severities, no `for`, the default windows (2 % in 1 h, 5 % in 6 h,
// 10 % in 1 d, 10 % in 3 d of the period), labels and annotations as Sloth's.
// Rule.Labels are complete but for the group labels.
func (r reader) alerts(objective *document.Mapping, o *slo.Objective) []slo.Rule {
	n := objective.Get("alerting")
	m := n.Mapping()
	nameNode := m.Get("name")
	name := nameNode.String()
	labels := r.Labels(m.Get("labels"), taken)
	annotations := m.Get("annotations").StringMap()
	own := map[string]alert{
		slo.SeverityPage:   r.alert(m.Get("page_alert", "pageAlert")),
		slo.SeverityTicket: r.alert(m.Get("ticket_alert", "ticketAlert")),
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
	for _, rule := range (slo.Tier{Alerts: slo.DefaultAlerts()}).Rules(o.Windows[0]) {
		a := own[rule.Severity]
		if a.disable {
			continue
		}
		rule.AlertName = name
		rule.Labels = spec.Merge(spec.Merge(map[string]string{
			slo.LabelSlothID: o.SlothID(), slo.LabelSlothService: o.Service, slo.LabelSlothSLO: o.Name,
		}, o.Labels), spec.Merge(map[string]string{slo.LabelSlothSeverity: rule.Severity}, spec.Merge(labels, a.labels)))
		rule.Annotations = spec.Merge(map[string]string{
			"title":   fmt.Sprintf("(%s) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.", rule.Severity),
			"summary": "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.",
		}, spec.Merge(annotations, a.annotations))
		rules = append(rules, rule)
	}
	return rules
}

// alert is what a file says about one severity.
type alert struct {
	disable             bool
	labels, annotations map[string]string
}

func (r reader) alert(n document.Node) alert {
	m := n.Mapping()
	a := alert{
		disable:     m.Get("disable").Bool(),
		labels:      r.Labels(m.Get("labels"), taken),
		annotations: m.Get("annotations").StringMap(),
	}
	m.Done()
	return a
}
