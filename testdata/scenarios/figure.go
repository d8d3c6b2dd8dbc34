package scenarios

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Answer is what one budget says of itself at one slot.
type Answer struct {
	State, Tier                                 string
	Target                                      float64            // ratio
	Bad, Total, Coverage, Remaining, Exhaustion float64            // of the first budget window
	Burn                                        map[string]float64 // by window of the alert rules
}

// Of is a status's answer.
func Of(st *slo.Status) Answer {
	a := Answer{State: string(st.State), Tier: st.Objective.Tier, Target: st.Objective.Target, Burn: map[string]float64{}}
	if len(st.Windows) > 0 {
		w := &st.Windows[0]
		a.Bad, a.Total, a.Coverage = w.Counts.Bad, w.Counts.Total, w.Coverage
		a.Remaining, a.Exhaustion = w.Remaining, w.TimeToExhaustion
	}
	for _, p := range st.Pairs {
		a.Burn[slo.FormatDuration(p.Pair.Long)] = p.LongBurn
		a.Burn[slo.FormatDuration(p.Pair.Short)] = p.ShortBurn
	}
	return a
}

// Says is the figure that the line asks for, as text.
func (a Answer) Says(x *Expect) string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch x.Key {
	case "state":
		return a.State
	case "tier":
		return a.Tier
	case "target":
		return num(a.Target)
	case "bad":
		return num(a.Bad)
	case "total":
		return num(a.Total)
	case "coverage":
		return num(a.Coverage)
	case "remaining":
		return num(a.Remaining)
	case "exhaustion":
		return num(a.Exhaustion)
	case "burn":
		if v, ok := a.Burn[strings.Join(x.Args, " ")]; ok {
			return num(v)
		}
	}
	return "unknown: " + x.Key + " " + strings.Join(x.Args, " ")
}

// Same compares texts, or numbers to nine digits.
func Same(have, want string) bool {
	if have == want {
		return true
	}
	h, err1 := strconv.ParseFloat(have, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(h-w) <= 1e-9*max(1, math.Abs(w))
}

// Firing names the alerts that fire: burns by their severity, others by their name,
// and `none` if there is none. The watchdog always does.
func Firing(alerts []labels.Labels) string {
	var have []string
	for _, l := range alerts {
		name := l.Get("severity")
		if l.Get("alertname") != slo.AlertBurn {
			name = l.Get("alertname")
		}
		if l.Get("alertname") != slo.AlertWatchdog {
			have = append(have, cmp.Or(l.Get("sloth_severity"), name))
		}
	}
	slices.Sort(have)
	return cmp.Or(strings.Join(slices.Compact(have), " "), "none")
}
