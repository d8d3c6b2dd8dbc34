package alerting

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/slowburn/slowburn/slo"
)

// identity turns an alert's labels into those Alertmanager is told: external
// labels the alert does not have itself, then the relabel rules of all, then those
// of one set of Alertmanagers, as Prometheus does.
type identity struct {
	external labels.Labels
	rules    []*relabel.Config
}

// of returns the labels, and false if a rule drops the alert.
func (id identity) of(ls labels.Labels) (labels.Labels, bool) {
	if id.external.IsEmpty() && len(id.rules) == 0 {
		return ls, true
	}
	b := labels.NewBuilder(ls)
	id.external.Range(func(l labels.Label) {
		if ls.Get(l.Name) == "" {
			b.Set(l.Name, l.Value)
		}
	})
	if !relabel.ProcessBuilder(b, id.rules...) {
		return labels.EmptyLabels(), false
	}
	out := b.Labels()
	return out, !out.IsEmpty()
}

func newIdentity(c Config, set []*relabel.Config) identity {
	return identity{external: c.ExternalLabels, rules: slices.Concat(c.Alerting.AlertRelabelConfigs, set)}
}

// speaksFor says whether a, of two alerts with one identity, is the one to send:
// one that fires before one that does not, then the older, so that the start
// Alertmanager shows is the earliest.
func (a *item) speaksFor(b *item) bool {
	af, bf := a.alert.State == slo.AlertFiring, b.alert.State == slo.AlertFiring
	switch {
	case af != bf:
		return af
	case af && a.alert.FiredAt != b.alert.FiredAt:
		return a.alert.FiredAt < b.alert.FiredAt
	case !af && a.alert.ResolvedAt != b.alert.ResolvedAt:
		return a.alert.ResolvedAt > b.alert.ResolvedAt
	}
	return a.seq < b.seq
}

// equal says whether two statements of one alert read the same.
func equal(a, b slo.Alert) bool { return labels.Equal(a.Annotations, b.Annotations) }
