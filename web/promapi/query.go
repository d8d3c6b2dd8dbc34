package promapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Query describes an alert rule in PromQL over our derived series: it is true
// where the engine, which does not evaluate it, says the rule holds.
//
//	slo_burn_rate{service="s",slo="n",window="1h"} > 14.4
//	  and ignoring (window) slo_burn_rate{service="s",slo="n",window="5m"} > 14.4
//	or …
func Query(o *slo.Objective, r *slo.Rule) string {
	pairs := make([]string, 0, len(r.Pairs))
	for _, p := range r.Pairs {
		pairs = append(pairs, PairQuery(o.BudgetLabels(labels.EmptyLabels()), p))
	}
	return strings.Join(pairs, " or ignoring (window) ")
}

// PairQuery describes one pair of one budget, or of all budgets that identity
// selects.
func PairQuery(identity labels.Labels, p slo.Pair) string {
	return exceeds(identity, p.Long, p.Factor) + " and ignoring (window) " + exceeds(identity, p.Short, p.Factor)
}

func exceeds(identity labels.Labels, window time.Duration, factor float64) string {
	return Selector("slo_burn_rate", identity, slo.FormatDuration(window)) + " > " +
		strconv.FormatFloat(factor, 'g', -1, 64)
}

// Selector selects the series of a metric by identity labels and window; an
// empty window selects all.
func Selector(metric string, identity labels.Labels, window string) string {
	var b strings.Builder
	b.WriteString(metric)
	b.WriteByte('{')
	sep := ""
	identity.Range(func(l labels.Label) {
		b.WriteString(sep + matcher(l.Name, l.Value))
		sep = ","
	})
	if window != "" {
		b.WriteString(sep + matcher(slo.LabelWindow, window))
	}
	b.WriteByte('}')
	return b.String()
}

func matcher(name, value string) string {
	return labels.MustNewMatcher(labels.MatchEqual, name, value).String()
}
