package slo

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

var inf = math.Inf(1)

// State is what a budget is in. Exactly one holds: the first of this order.
type State string

// The five states.
const (
	StateBurning   State = "burning"
	StateNoData    State = "no-data"
	StateNoTraffic State = "no-traffic"
	StatePartial   State = "partial"
	StateOK        State = "ok"
)

// States in the order in which the first that holds is shown.
var States = []State{StateBurning, StateNoData, StateNoTraffic, StatePartial, StateOK}

// Counts are event and scrape counts over a stretch of event time.
type Counts struct {
	Bad, Total         float64 // events
	Observed, Expected float64 // scrapes
}

// Add returns c + d.
func (c Counts) Add(d Counts) Counts {
	return Counts{c.Bad + d.Bad, c.Total + d.Total, c.Observed + d.Observed, c.Expected + d.Expected}
}

// Sub returns c − d.
func (c Counts) Sub(d Counts) Counts {
	return Counts{c.Bad - d.Bad, c.Total - d.Total, c.Observed - d.Observed, c.Expected - d.Expected}
}

// Reaching says that the counts are those of the window (start, end], while the
// budget was first observed at first (ms): where the window begins before that, as
// many scrapes are expected per second as in the observed part. So an hour of data
// covers a seven-hundred-and-twentieth of a 30 d window.
func (c Counts) Reaching(start, first, end int64) Counts {
	if first > start && end > first {
		c.Expected *= float64(end-start) / float64(end-first)
	}
	return c
}

// ErrorRatio is bad ÷ total, ratio; ok is false without events.
func (c Counts) ErrorRatio() (ratio float64, ok bool) {
	if c.Total <= 0 {
		return 0, false
	}
	return c.Bad / c.Total, true
}

// BurnRate is the error ratio ÷ (1 − target): 1 is exactly as fast as the target
// allows. Without events it is 0. With target 1 any bad event is +Inf.
func (c Counts) BurnRate(target float64) float64 {
	ratio, ok := c.ErrorRatio()
	if !ok || ratio == 0 {
		return 0
	}
	return ratio / (1 - target)
}

// Coverage is scrapes observed ÷ expected, 0–1; 0 when none was expected.
func (c Counts) Coverage() float64 {
	if c.Expected <= 0 {
		return 0
	}
	return min(1, max(0, c.Observed/c.Expected))
}

// Remaining is the share of the budget left, 1 − bad ÷ allowed, with allowed =
// (1 − target) × total; 1 without events, negative when overspent.
func (c Counts) Remaining(target float64) float64 {
	allowed := (1 - target) * c.Total
	if c.Bad == 0 || c.Total <= 0 {
		return 1
	}
	return 1 - c.Bad/allowed
}

// RemainingEvents is how many more bad events the window can take, events.
func (c Counts) RemainingEvents(target float64) float64 {
	return (1-target)*c.Total - c.Bad
}

// TimeToExhaustion is how long the budget of window lasts at the pace of the
// last hour: remaining events ÷ (bad − allowed) per second over that hour
// (DESIGN.md, alert conditions), in seconds; +Inf when it does not shrink, 0 when spent.
func TimeToExhaustion(window, hour Counts, target float64) float64 {
	left := window.RemainingEvents(target)
	pace := (hour.Bad - (1-target)*hour.Total) / time.Hour.Seconds()
	switch {
	case pace <= 0:
		return inf
	case left <= 0:
		return 0
	}
	return left / pace
}

// Status is a snapshot of one budget at a slot's end. Readers may keep it.
type Status struct {
	Objective *Objective
	// Groups are the budget's group labels under their own names; empty for the
	// roll-up.
	Groups labels.Labels
	// Labels are the identity labels (Objective.BudgetLabels).
	Labels labels.Labels
	// TS is the evaluation's event time, ms; 0 before the first.
	TS    int64
	State State
	// Since is when what is counted begins, as far as the windows reach back: the start
	// of its first slot, ms.
	Since int64
	// Windows are the budget windows, in the objective's order.
	Windows []WindowStatus
	// Pairs are the burn rates behind the alert rules.
	Pairs []PairStatus
	// Alerts are those pending or firing.
	Alerts []Alert
	// Series is how many source series feed the budget.
	Series int
	// Reason says why there is no data, if there is none, and what to do, or what is
	// remarkable: the past is still being counted, a counter falls again and again.
	Reason string
	// Query is what the newest evaluation of a free query came to; nil if the SLI is
	// counted natively.
	Query *QueryStatus
}

// WindowStatus is one budget window at the status's TS.
type WindowStatus struct {
	Window Window
	Start  int64 // ms, excluded
	Counts Counts
	// ErrorRatio, Remaining, Coverage are ratios; RemainingEvents events;
	// TimeToExhaustion seconds.
	ErrorRatio, BurnRate, Remaining, RemainingEvents, TimeToExhaustion, Coverage float64
}

// PairStatus is one pair of burn-rate windows at the status's TS.
type PairStatus struct {
	Severity            string
	Pair                Pair
	LongBurn, ShortBurn float64
	Holds               bool
}

// Budget says how to read one budget over all of the past: which objective was
// in force when, and which ledger generations hold its counts.
type Budget struct {
	// Objective is the one in force now.
	Objective *Objective
	Groups    labels.Labels
	Labels    labels.Labels
	// Versions are the objective's dated targets, oldest first; the first also
	// holds for all time before it.
	Versions []Version
	// Generations are the ledger generations in force, oldest first, disjoint.
	Generations []Generation
}

// Version is a target and the windows that were in force from an event time on.
type Version struct {
	From    int64    `json:"from"` // ms
	Target  float64  `json:"target"`
	Windows []string `json:"windows"`
	// Segments are the targets of groups that had others.
	Segments []SegmentTarget `json:"segments,omitempty"`
}

// TargetAt is the target in force at ts. A value at ts uses it for its whole window.
func (b *Budget) TargetAt(ts int64) float64 {
	target := b.Objective.Target
	for i := len(b.Versions) - 1; i >= 0; i-- {
		target = b.Versions[i].Target
		if b.Versions[i].From <= ts {
			break
		}
	}
	return target
}

// Generation is a stretch of event time (From, To] over which the ledger series
// with this `generation` label count. It starts at 0 and counters add across.
type Generation struct {
	ID       string `json:"id"`
	From, To int64  // ms; To is math.MaxInt64 while in force
}
