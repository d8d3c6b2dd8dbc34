package governance

import (
	"fmt"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// stretch is event time (from, to], ms.
type stretch struct{ from, to int64 }

// minCoverage is how much of a stretch must have been observed to reckon with it, as
// for a pair's short window.
const minCoverage = slo.MinPairCoverage

// watched is the event time over which a release is watched: from the beginning of
// the slot that holds what comes right after it until length later, or until the next
// release of the service.
func watched(at, next int64, length, slot time.Duration) stretch {
	ms := slot.Milliseconds()
	s := stretch{from: at - at%ms}
	s.to = s.from + length.Milliseconds()
	if next > at {
		s.to = min(s.to, max(s.from+ms, next-next%ms))
	}
	return s
}

// without is s less what lies in cuts.
func (s stretch) without(cuts []stretch) []stretch {
	slices.SortFunc(cuts, func(a, b stretch) int { return int(a.from - b.from) })
	var out []stretch
	for _, c := range cuts {
		if c.to <= s.from || c.from >= s.to {
			continue
		}
		if c.from > s.from {
			out = append(out, stretch{s.from, c.from})
		}
		s.from = max(s.from, min(c.to, s.to))
	}
	if s.from < s.to {
		out = append(out, s)
	}
	return out
}

// evidence is what the ledger says about one release and objective.
type evidence struct {
	objective *slo.Objective
	watched   stretch
	during    slo.Counts // while it was watched
	before    slo.Counts // over the baseline's length, without other releases' time
	crowded   bool       // nothing of that was left: before is all of it
	window    slo.Counts // the objective's first window, as of the end of the watch
	length    time.Duration
	next      string // the release that ended the watch early
}

// cost is the budget spent above the baseline while the release was watched.
func cost(e *evidence) govern.Cost {
	o := e.objective
	baseline, _ := e.before.ErrorRatio()
	excess := max(0, e.during.Bad-baseline*e.during.Total)
	c := govern.Cost{
		SLO: o.Name, State: govern.CostFinal, StartMS: e.watched.from, EndMS: e.watched.to,
		BaselineRatio: govern.Number(baseline), TotalEvents: govern.Number(e.during.Total), BadEvents: govern.Number(e.during.Bad),
		ExcessEvents: govern.Number(excess), Window: o.Windows[0].String(), CoverageRatio: govern.Number(e.during.Coverage()),
		Assumption: e.assumption(),
	}
	if whole := wholeBudget(e.window, o.Target); whole > 0 {
		c.BudgetRatio = govern.Number(excess / whole)
	}
	if e.during.Coverage() < minCoverage {
		c.State = govern.CostUnknown
	}
	return c
}

// wholeBudget is how many bad events the window allows, events: what was not observed
// of it is taken to be like what was, so that a young budget is not a small one.
func wholeBudget(window slo.Counts, target float64) float64 {
	allowed := (1 - target) * window.Total
	if c := window.Coverage(); c > 0 && c < slo.FullCoverage {
		allowed /= c
	}
	return allowed
}

// assumption says how the cost was reckoned.
func (e *evidence) assumption() string {
	text := fmt.Sprintf("Everything bad in the %s from %s on that the %s before would not have led to is taken for the release's", slo.FormatDuration(time.Duration(e.watched.to-e.watched.from)*time.Millisecond), stamp(e.watched.from), slo.FormatDuration(e.length))
	if e.next != "" {
		text += ", until " + e.next + " followed"
	}
	switch {
	case e.during.Coverage() < minCoverage:
		text = "Only " + percent(e.during.Coverage()) + " of its time was observed: its cost is not known"
	case e.before.Total <= 0:
		text += "; before it there were no events, so the baseline is taken as 0"
	case e.crowded:
		text += "; other releases' time fills those, and is counted into the baseline"
	}
	if e.during.Coverage() >= minCoverage && e.window.Coverage() < slo.FullCoverage {
		text += fmt.Sprintf("; %s of the %s window was observed, and the rest is taken to be like it", percent(e.window.Coverage()), e.objective.Windows[0])
	}
	return text + "."
}
