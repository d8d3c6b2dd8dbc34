package query

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// Share is the share of bad events of one group, 0–1.
type Share struct {
	Groups labels.Labels
	Ratio  float64
}

// shares makes one share per group. Where a query yields several series for a group,
// the group's share is their mean. What is no finite number says nothing; ratios that
// leave 0–1 are held there.
func shares(by []string, v promql.Vector) []Share {
	type mean struct {
		groups labels.Labels
		sum, n float64
	}
	byGroup := map[string]*mean{}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, s := range v {
		if s.H != nil || math.IsNaN(s.F) || math.IsInf(s.F, 0) {
			continue
		}
		b.Reset(s.Metric)
		groups := b.Keep(by...).Labels()
		key := groups.String()
		m := byGroup[key]
		if m == nil {
			m = &mean{groups: groups}
			byGroup[key] = m
		}
		m.sum += min(1, max(0, s.F))
		m.n++
	}
	out := make([]Share, 0, len(byGroup))
	for _, m := range byGroup {
		out = append(out, Share{m.groups, m.sum / m.n})
	}
	slices.SortFunc(out, func(a, b Share) int { return labels.Compare(a.Groups, b.Groups) })
	return out
}

// divide is bad ÷ total by their labels. A total without bad has none; a bad without
// total, and a total of 0, say nothing.
func divide(bad, total promql.Vector) promql.Vector {
	byLabels := make(map[string]float64, len(bad))
	for _, s := range bad {
		byLabels[s.Metric.DropMetricName().String()] = s.F
	}
	out := make(promql.Vector, 0, len(total))
	for _, s := range total {
		s.F = byLabels[s.Metric.DropMetricName().String()] / s.F
		out = append(out, s)
	}
	return out
}
