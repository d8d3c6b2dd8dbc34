package governance

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/dated"
	"github.com/slowburn/slowburn/slo"
)

// Families are the series that follow from dated records: policy states, and releases
// as Grafana's annotations.
func (b *Book) Families() []dated.Family {
	return []dated.Family{
		{Name: "slo_policy_state", Facts: b.policyFacts},
		{Name: "slo_release", Facts: func() []dated.Fact { return b.releaseFacts(func(int64) float64 { return 1 }) }},
		{Name: "slo_release_timestamp_seconds", Facts: func() []dated.Fact {
			return b.releaseFacts(func(ms int64) float64 { return float64(ms) / 1000 })
		}},
	}
}

// policyFacts are 1 for the state an objective's policy is in, 0 for the others.
func (b *Book) policyFacts() []dated.Fact {
	var out []dated.Fact
	for _, o := range b.opts.Objectives() {
		r := b.policy(o)
		for _, state := range slo.PolicyStates {
			f := dated.Fact{Labels: labels.FromStrings(slo.LabelService, o.Service, slo.LabelSLO, o.Name, slo.LabelState, string(state))}
			for i, c := range r.Changes {
				s := dated.Stretch{From: c.AtMS, To: math.MaxInt64}
				if i+1 < len(r.Changes) {
					s.To = r.Changes[i+1].AtMS
				}
				if c.State == state {
					s.Value = 1
				}
				f.Stretches = append(f.Stretches, s)
			}
			if len(f.Stretches) > 0 {
				out = append(out, f)
			}
		}
	}
	return out
}

// releaseFacts are a series per release, for as long as it is watched.
func (b *Book) releaseFacts(value func(ms int64) float64) []dated.Fact {
	b.mu.RLock()
	defer b.mu.RUnlock()
	length := b.opts.Settings().CostWindow.Milliseconds()
	byLabels := map[string]int{}
	var out []dated.Fact
	for _, r := range b.releases {
		s := dated.Stretch{From: r.TimeMS, To: r.TimeMS + length, Value: value(r.TimeMS)}
		for i, c := range r.Costs {
			if i == 0 || c.EndMS >= s.To {
				s.To = c.EndMS + 1 // the slot that ends there is the release's
			}
		}
		lset := labels.FromStrings(slo.LabelService, r.Service, "version", r.Version, "type", r.Type)
		key := lset.String()
		i, ok := byLabels[key]
		if !ok {
			i = len(out)
			byLabels[key] = i
			out = append(out, dated.Fact{Labels: lset})
		}
		out[i].Stretches = append(out[i].Stretches, s)
	}
	return out
}
