package slo

import (
	"net/url"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// BudgetID names a budget among all others: service, objective, then names and values
// of its groups, each escaped as in a query.
func BudgetID(o *Objective, groups labels.Labels) string {
	parts := []string{url.QueryEscape(o.Service), url.QueryEscape(o.Name)}
	groups.Range(func(l labels.Label) { parts = append(parts, url.QueryEscape(l.Name), url.QueryEscape(l.Value)) })
	return strings.Join(parts, "/")
}

// BudgetLink is where the page shows a budget: the path after slowburn's external URL.
func BudgetLink(o *Objective, groups labels.Labels) string {
	link := "/objective?service=" + url.QueryEscape(o.Service) + "&slo=" + url.QueryEscape(o.Name)
	if !groups.IsEmpty() {
		link += "&segment=" + url.QueryEscape(BudgetID(o, groups))
	}
	return link
}
