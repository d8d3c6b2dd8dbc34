package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// A composite has a budget and no ledger: the ledgers behind it are its members', and
// what it counted over a window is composed of what they did over the same.

// compose joins composites with their members. Members that are not in force, since
// their file is broken, count nothing.
func (e *Engine) compose() {
	for _, o := range e.ordered {
		o.parts, o.in = nil, nil
	}
	for _, o := range e.ordered {
		for _, m := range o.SLI.Members {
			part := e.objectives[m.ID()]
			o.parts = append(o.parts, part)
			if part != nil {
				part.in = append(part.in, o)
			}
		}
	}
}

// feeds are the ledgers behind the budget.
func (b *budget) feeds() []*ledger {
	if !b.obj.SLI.Composite() {
		return b.ledgers
	}
	var all []*ledger
	for _, part := range b.obj.parts {
		if part != nil {
			all = append(all, part.rollUp.ledgers...)
		}
	}
	return all
}

// counting says whether some series counts into the budget's total, or did.
func (b *budget) counting() bool {
	if !b.obj.SLI.Composite() {
		return b.hasTotal.Load()
	}
	return slices.ContainsFunc(b.obj.parts, func(part *objective) bool { return part != nil && part.rollUp.hasTotal.Load() })
}

// composites are the budgets that this one is a part of.
func (b *budget) composites() []*budget {
	if b != b.obj.rollUp || len(b.obj.in) == 0 {
		return nil
	}
	out := make([]*budget, len(b.obj.in))
	for i, o := range b.obj.in {
		out[i] = o.rollUp
	}
	return out
}

// composed is what the composite's budget counted, given what its members' did.
func (b *budget) composed(counted func(part *budget) slo.Counts) slo.Counts {
	return slo.Compose(b.obj.SLI.Members, func(i int) slo.Counts {
		if part := b.obj.parts[i]; part != nil {
			return counted(part.rollUp)
		}
		return slo.Counts{}
	})
}

// worstMember is the member that most of a composite's error ratio comes from, over the
// window that ends at ts, and its share of it.
func (b *budget) worstMember(e *Engine, ts int64, length time.Duration) (string, float64) {
	w := slo.Rolling(length)
	worst, most, sum := "", 0.0, 0.0
	for i, m := range b.obj.SLI.Members {
		part := b.obj.parts[i]
		if part == nil {
			continue
		}
		ratio, _ := part.rollUp.counts(w.Start(ts, e.opts.Slot), ts, e.slot, withLate(w)).ErrorRatio()
		sum += m.Weight * ratio
		if m.Weight*ratio > most {
			worst, most = m.ID(), m.Weight*ratio
		}
	}
	if most == 0 {
		return "", 0
	}
	return worst, most / sum
}

// memberNames are the composite's members, for people.
func memberNames(o *slo.Objective) string {
	ids := make([]string, len(o.SLI.Members))
	for i, m := range o.SLI.Members {
		ids[i] = m.ID()
	}
	return strings.Join(ids, ", ")
}

// reach is how far back memory must know an objective's past, and the beginnings of
// which calendar windows.
type reach struct {
	longest time.Duration
	windows []slo.Window
}

// addWindows appends those of more that are not there yet.
func addWindows(windows, more []slo.Window) []slo.Window {
	windows = slices.Clip(windows)
	for _, w := range more {
		if !slices.Contains(windows, w) {
			windows = append(windows, w)
		}
	}
	return windows
}

// reaches are what the objectives' own windows need, and those of the composites that
// they are part of.
func reaches(objectives []*slo.Objective) map[string]reach {
	all := make(map[string]reach, len(objectives))
	for _, o := range objectives {
		all[o.ID()] = reach{longest(o), o.Windows}
	}
	for _, o := range objectives {
		for _, m := range o.SLI.Members {
			r := all[m.ID()]
			all[m.ID()] = reach{max(r.longest, longest(o)), addWindows(r.windows, o.Windows)}
		}
	}
	return all
}
