package web

import (
	"bytes"
	"errors"

	"github.com/VictoriaMetrics/metrics"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// figures are slowburn's own metrics by name, read back from what /metrics writes: a
// figure has one place, and the page shows the same as an alert about it reads. The
// process's own are among them.
type figures map[string]*dto.MetricFamily

func readFigures(sets []*metrics.Set) (figures, error) {
	var b bytes.Buffer
	for _, s := range sets {
		s.WritePrometheus(&b)
	}
	metrics.WriteProcessMetrics(&b)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&b)
	var broken *expfmt.ParseError
	if errors.As(err, &broken) {
		return nil, err
	}
	return families, nil
}

// sum adds all series of a metric; 0 if there is none.
func (f figures) sum(name string) float64 {
	total := 0.0
	for _, m := range f[name].GetMetric() {
		total += value(m)
	}
	return total
}

// by adds the series of a metric that share a label's value, without those at 0.
func (f figures) by(name, label string) map[string]number {
	out := map[string]number{}
	for _, m := range f[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label && value(m) != 0 {
				out[l.GetValue()] += number(value(m))
			}
		}
	}
	return out
}

func value(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	}
	return m.GetUntyped().GetValue()
}
