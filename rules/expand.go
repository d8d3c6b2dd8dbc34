package rules

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// expand fills in a user's template as Prometheus does, with $labels, $value,
// $externalLabels and its template functions; there is nothing to query. What a
// failing one leaves behind says so in its place: the alert matters more.
func (e *Engine) expand(name, text string, a *alertState) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	const defs = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
	data := template.AlertTemplateData(a.Labels.Map(), e.opts.ExternalLabels().Map(), e.opts.ExternalURL, promql.Sample{F: a.Value})
	none := func(context.Context, string, time.Time) (promql.Vector, error) { return nil, nil }
	ex := template.NewTemplateExpander(context.Background(), defs+text, "__alert_"+name, data, model.Time(a.TS), none, e.url, nil)
	out, err := ex.Expand()
	if err == nil {
		delete(a.faults, name)
		return out
	}
	e.metrics.templateErrors.Inc()
	if a.faults[name] != err.Error() {
		if a.faults == nil {
			a.faults = map[string]string{}
		}
		a.faults[name] = err.Error()
		e.opts.TemplateFailed(a.Labels, name, err)
	}
	return fmt.Sprintf("<error expanding template: %s>", err)
}
