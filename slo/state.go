package slo

import (
	"slices"
	"time"
)

// Coverage bounds below which a pair does not start to fire, a budget has no
// data, and a window counts as only partly observed; ratios.
const (
	MinPairCoverage = 0.5
	MinDataCoverage = 0.1
	FullCoverage    = 0.99
)

// At returns the counts of one budget over the window that ends at the
// evaluation's slot. short windows (under 6 h) leave out late amounts.
type At func(w Window) Counts

// AppendPairs evaluates every pair of every rule and appends one entry per pair to out,
// rules in order. A pair holds when the burn rates of both windows exceed its factor,
// the long window has at least MinBadEvents bad events, and at least half of
// the short window's scrapes were observed.
func AppendPairs(out []PairStatus, rules []Rule, target float64, at At) []PairStatus {
	n := 0
	for i := range rules {
		n += len(rules[i].Pairs)
	}
	out = slices.Grow(out, n)
	for i := range rules {
		r := &rules[i]
		for _, p := range r.Pairs {
			long, short := at(Rolling(p.Long)), at(Rolling(p.Short))
			st := PairStatus{Severity: r.Severity, Pair: p, LongBurn: long.BurnRate(target), ShortBurn: short.BurnRate(target)}
			st.Holds = st.LongBurn > p.Factor && st.ShortBurn > p.Factor &&
				long.Bad >= r.MinBadEvents && short.Coverage() >= MinPairCoverage
			out = append(out, st)
		}
	}
	return out
}

// StateAt is the budget's state: the first that holds of burning (any pair
// holds), no-data (under 10 % of the last 5 min observed), no-traffic (no event
// in them), partial (the first budget window not fully observed) and ok.
func StateAt(o *Objective, pairs []PairStatus, at At) State {
	for _, p := range pairs {
		if p.Holds {
			return StateBurning
		}
	}
	recent := at(Rolling(5 * time.Minute))
	switch {
	case recent.Coverage() < MinDataCoverage:
		return StateNoData
	case recent.Total <= 0:
		return StateNoTraffic
	case at(o.Windows[0]).Coverage() < FullCoverage:
		return StatePartial
	}
	return StateOK
}
