package derive

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

const hour = time.Hour

// The windows that slo.TimeToExhaustion and slo.StateAt look at beside an
// objective's own.
var (
	paceWindow   = slo.Rolling(hour)
	recentWindow = slo.Rolling(5 * time.Minute)
)

// withoutLate says whether a window leaves late amounts out.
func withoutLate(w slo.Window) bool { return w.Calendar == "" && w.Length < history.LateWindow }

// shape is what the series of all objectives with the same windows have in common:
// 10,000 budgets usually have a handful.
type shape struct {
	// alerts are the windows of the alert rules, budget the objective's own, both
	// without repetition; all is both.
	alerts, budget, all []slo.Window
	// tool is the one whose names are served too.
	tool     slo.Tool
	variants [numFamilies][]variant
}

// variant is one series of a budget, but for the budget's labels.
type variant struct {
	metric *metric
	name   string
	// label is the label that tells the metric's series of one budget apart; its
	// name is empty if there is but one.
	label  labels.Label
	window slo.Window
	state  slo.State
}

// reads are the windows that the variant's value depends on.
func (v *variant) reads(s *shape) []slo.Window {
	if v.metric.reads == nil {
		return nil
	}
	return v.metric.reads(s, v)
}

// shapes holds each shape once.
type shapes map[string]*shape

func (all shapes) of(o *slo.Objective) *shape {
	key := make([]byte, 0, 128)
	for i := range o.Rules {
		for _, p := range o.Rules[i].Pairs {
			key = fmt.Appendf(key, "%d,%d,", p.Long, p.Short)
		}
	}
	for _, w := range o.Windows {
		key = fmt.Appendf(key, "%d %s %p,", w.Length, w.Calendar, w.Zone)
	}
	key = append(key, o.Format.Tool()...)
	if s := all[string(key)]; s != nil {
		return s
	}
	s := newShape(o)
	all[string(key)] = s
	return s
}

func newShape(o *slo.Objective) *shape {
	s := &shape{tool: o.Format.Tool()}
	for i := range o.Rules {
		for _, p := range o.Rules[i].Pairs {
			s.alerts = addWindow(s.alerts, slo.Rolling(p.Short))
			s.alerts = addWindow(s.alerts, slo.Rolling(p.Long))
		}
	}
	for _, w := range o.Windows {
		s.budget = addWindow(s.budget, w)
	}
	s.all = append(s.all, s.alerts...)
	for _, w := range s.budget {
		s.all = addWindow(s.all, w)
	}
	if len(s.budget) == 0 {
		return s // not a loaded objective; it has no series
	}
	for i := range table {
		m := &table[i]
		for _, v := range m.variants(s) {
			v.metric = m
			if v.name == "" {
				v.name = m.name
			}
			s.variants[m.family] = append(s.variants[m.family], v)
		}
	}
	return s
}

// addWindow appends w unless a window of that name is there: `window` must tell an
// objective's series apart.
func addWindow(windows []slo.Window, w slo.Window) []slo.Window {
	for _, have := range windows {
		if have.String() == w.String() {
			return windows
		}
	}
	return append(windows, w)
}
