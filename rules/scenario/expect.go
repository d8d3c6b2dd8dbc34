package scenario

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// Expect is what must be at a time after the start, ms. Figures are those of the slot
// that ends then, over the objective's first window; alerts those that fire then by
// the wall clock.
type Expect struct {
	At int64
	// Objective is an ID; empty is any.
	Objective string
	// Groups are the budget's group labels; empty is the roll-up.
	Groups labels.Labels
	// Figures are wanted by key, as of Figure.
	Figures map[string]string
	// Alerts are all that fire, if not nil: each wanted one is some of the labels and
	// annotations of one that does.
	Alerts []Alert
	// Firing, if not nil, are the severities at which something fires; an alert that has
	// its cause outside of budgets goes by its name.
	Firing []string
	// Ref is the caller's: where the expectation stands.
	Ref any
}

// Alert is some of what an alert has.
type Alert struct{ Labels, Annotations map[string]string }

// Failure is an expectation and why it is not met.
type Failure struct {
	Expect
	Problem string
}

// Check says what is wrong with the budgets and alerts of a moment, and whether it is
// the one to look at: figures are of the slot that ended At after start, ms.
func (x Expect) Check(budgets []slo.Status, alerts []slo.Alert, start int64) (problem string, known bool) {
	if x.Alerts != nil || x.Firing != nil {
		firing := x.firing(alerts)
		if x.Firing != nil {
			return x.checkSeverities(firing), true
		}
		return x.checkAlerts(firing), true
	}
	for _, st := range budgets {
		if x.Objective != "" && st.Objective.ID() != x.Objective || !labels.Equal(st.Groups, x.Groups) {
			continue
		}
		if st.TS != start+x.At {
			continue
		}
		return x.checkFigures(st), true
	}
	return "", false
}

func (x Expect) checkFigures(st slo.Status) string {
	var wrong []string
	for key, want := range x.Figures {
		if have := Figure(st, key); !same(have, want) {
			wrong = append(wrong, fmt.Sprintf("%s: want %s, have %s", key, want, have))
		}
	}
	slices.Sort(wrong)
	return strings.Join(wrong, "; ")
}

// Figure reads one figure off a budget's status: state, target, tier, and of its
// first window bad, total, coverage, remaining, exhaustion (seconds) and "burn 1h",
// the burn rate of a window that some pair has.
func Figure(st slo.Status, key string) string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	key, arg, _ := strings.Cut(key, " ")
	switch key {
	case "state":
		return string(st.State)
	case "tier":
		return st.Objective.Tier
	case "target":
		return num(st.Objective.Target)
	case "burn":
		for _, p := range st.Pairs {
			if slo.FormatDuration(p.Pair.Long) == arg {
				return num(p.LongBurn)
			}
			if slo.FormatDuration(p.Pair.Short) == arg {
				return num(p.ShortBurn)
			}
		}
		return "no such window"
	}
	if len(st.Windows) == 0 {
		return "no data"
	}
	w := st.Windows[0]
	switch key {
	case "bad":
		return num(w.Counts.Bad)
	case "total":
		return num(w.Counts.Total)
	case "coverage":
		return num(w.Coverage)
	case "remaining":
		return num(w.Remaining)
	case "exhaustion":
		return num(w.TimeToExhaustion)
	}
	return "no such figure"
}

// same compares texts, or numbers to nine digits.
func same(have, want string) bool {
	if have == want {
		return true
	}
	h, err1 := strconv.ParseFloat(have, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(h-w) <= 1e-9*max(1, math.Abs(w))
}

// firing are the alerts of the objective that fire.
func (x Expect) firing(all []slo.Alert) []slo.Alert {
	return slices.DeleteFunc(slices.Clone(all), func(a slo.Alert) bool {
		return a.State != slo.AlertFiring || a.Labels.Get(labels.AlertName) == slo.AlertWatchdog || !x.about(a)
	})
}

func (x Expect) checkSeverities(firing []slo.Alert) string {
	var have []string
	for _, a := range firing {
		name := a.Labels.Get("severity")
		if sloth := a.Labels.Get("sloth_severity"); sloth != "" {
			name = sloth
		} else if a.Labels.Get(labels.AlertName) != slo.AlertBurn {
			name = a.Labels.Get(labels.AlertName)
		}
		have = append(have, name)
	}
	slices.Sort(have)
	have = slices.Compact(have)
	want := slices.Sorted(slices.Values(x.Firing))
	if slices.Equal(have, want) {
		return ""
	}
	return fmt.Sprintf("firing: want %s, have %s", list(want), list(have))
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checkAlerts finds for each wanted alert one that fires, and no other that does.
func (x Expect) checkAlerts(firing []slo.Alert) string {
	var wrong []string
	for _, want := range x.Alerts {
		i := slices.IndexFunc(firing, func(a slo.Alert) bool {
			return within(want.Labels, a.Labels) && within(want.Annotations, a.Annotations)
		})
		if i < 0 {
			wrong = append(wrong, "does not fire: "+texts(want.Labels, want.Annotations))
			continue
		}
		firing = slices.Delete(firing, i, i+1)
	}
	for _, a := range firing {
		wrong = append(wrong, "fires: "+a.Labels.String())
	}
	return strings.Join(wrong, "; ")
}

// about says whether the alert is one of the objective's.
func (x Expect) about(a slo.Alert) bool {
	if x.Objective == "" {
		return true
	}
	id := a.Labels.Get(slo.LabelService) + "/" + a.Labels.Get(slo.LabelSLO)
	sloth := a.Labels.Get("sloth_service") + "/" + a.Labels.Get("sloth_slo")
	return id == x.Objective || sloth == x.Objective
}

func within(some map[string]string, all labels.Labels) bool {
	for k, v := range some {
		if all.Get(k) != v {
			return false
		}
	}
	return true
}

func texts(lset, annotations map[string]string) string {
	s := labels.FromMap(lset).String()
	if len(annotations) > 0 {
		s += " with annotations " + labels.FromMap(annotations).String()
	}
	return s
}
