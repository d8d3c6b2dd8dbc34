package slo

import (
	"fmt"

	"github.com/slowburn/slowburn/slo/document"
)

// slothAlerts reads Sloth's alerting block into the rules Sloth would write: same
// name for both severities, no `for`, the default windows (2 % in 1 h, 5 % in 6 h,
// 10 % in 1 d, 10 % in 3 d of the period), labels and annotations as Sloth's.
// Rule.Labels are complete but for the group labels.
func (r *reader) slothAlerts(objective *document.Mapping, o *Objective) []Rule {
	n := objective.Get("alerting")
	m := n.Mapping()
	nameNode := m.Get("name")
	name := nameNode.String()
	labels := r.labels(m.Get("labels"), slothTaken)
	annotations := m.Get("annotations").StringMap()
	own := map[string]slothAlert{
		SeverityPage:   r.slothAlert(m.Get("page_alert", "pageAlert")),
		SeverityTicket: r.slothAlert(m.Get("ticket_alert", "ticketAlert")),
	}
	m.Done()
	if name == "" && !(own[SeverityPage].disable && own[SeverityTicket].disable) {
		at := n
		if n.IsZero() {
			at = objective.Node()
		}
		at.Errorf("\"alerting.name\" is missing: give it, or disable page_alert and ticket_alert")
	}

	var rules []Rule
	for _, rule := range (Tier{Alerts: DefaultAlerts()}).Rules(o.Windows[0]) {
		a := own[rule.Severity]
		if a.disable {
			continue
		}
		rule.AlertName = name
		rule.Labels = merge(merge(map[string]string{
			LabelSlothID: o.SlothID(), LabelSlothService: o.Service, LabelSlothSLO: o.Name,
		}, o.Labels), merge(map[string]string{LabelSlothSeverity: rule.Severity}, merge(labels, a.labels)))
		rule.Annotations = merge(map[string]string{
			"title":   fmt.Sprintf("(%s) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.", rule.Severity),
			"summary": "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.",
		}, merge(annotations, a.annotations))
		rules = append(rules, rule)
	}
	return rules
}

// slothAlert is what a file says about one severity.
type slothAlert struct {
	disable             bool
	labels, annotations map[string]string
}

func (r *reader) slothAlert(n document.Node) slothAlert {
	m := n.Mapping()
	a := slothAlert{
		disable:     m.Get("disable").Bool(),
		labels:      r.labels(m.Get("labels"), slothTaken),
		annotations: m.Get("annotations").StringMap(),
	}
	m.Done()
	return a
}
