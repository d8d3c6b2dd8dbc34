package governance

import (
	"fmt"
	"math"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// PolicyRecord is where an objective's policy stands.
type PolicyRecord struct {
	// BySpent is the state that the share spent alone leads to; State is that or, while
	// a page fires, the policy's state for a fast burn if that is stricter.
	BySpent slo.PolicyState `json:"by_spent"`
	State   slo.PolicyState `json:"state"`
	// TS is the newest evaluation, ms; Spent and Fast are what it saw.
	TS    int64         `json:"ts"`
	Spent govern.Number `json:"spent"`
	Fast  bool          `json:"fast,omitempty"`
	// Changes are when states were entered, oldest first; the newest is State.
	Changes []govern.PolicyChange `json:"changes"`
}

// since is when the present state was entered, ms.
func (r *PolicyRecord) since() int64 {
	if len(r.Changes) == 0 {
		return 0
	}
	return r.Changes[len(r.Changes)-1].AtMS
}

// reading is what a policy looks at: one evaluation of a roll-up.
type reading struct {
	ts    int64
	spent float64 // share of the budget
	fast  bool    // a page of the budget fires
}

// read takes a policy's reading off a status; ok is false without fresh data: a
// policy never moves on what was not seen.
func read(s *slo.Status) (in reading, ok bool) {
	if s == nil || s.TS == 0 || s.State == slo.StateNoData || len(s.Windows) == 0 {
		return reading{}, false
	}
	return reading{ts: s.TS, spent: spentOf(s), fast: len(firing(s, slo.SeverityPage)) > 0}, true
}

// spentOf is the share of the first window's budget that is spent; 0 without events.
func spentOf(s *slo.Status) float64 { return 1 - s.Windows[0].Remaining }

// firing are the severities of a status's burn-rate alerts that fire, of those given.
func firing(s *slo.Status, severities ...string) []string {
	var out []string
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if a.State != slo.AlertFiring || a.Labels.Get("alertname") == slo.AlertDataMissing {
			continue
		}
		severity := severityOf(s.Objective, a)
		for _, want := range severities {
			if severity == want {
				out = append(out, severity)
			}
		}
	}
	return out
}

// severityOf is the alert's severity, for imported objectives by their own label.
func severityOf(o *slo.Objective, a *slo.Alert) string {
	for i := range o.Rules {
		r := &o.Rules[i]
		same := r.AlertName == a.Labels.Get("alertname")
		for k, v := range r.Labels {
			same = same && a.Labels.Get(k) == v
		}
		if same {
			return r.Severity
		}
	}
	return a.Labels.Get("severity")
}

// rounding is how far a share may be off by arithmetic: a target of 99.9 % allows
// 1.0000000000000009 of 1,000 events, and the one that fails has spent it all.
const rounding = 1e-9

// bySpent is the state for a share spent, after prev: a threshold reached counts at
// once, and is left only once the share has fallen below it by the hysteresis.
func bySpent(p *slo.Policy, prev slo.PolicyState, spent float64) slo.PolicyState {
	state := slo.PolicyHealthy
	for _, step := range p.Steps[1:] {
		threshold := step.Spent
		if prev.Stricter(step.State) == prev {
			threshold -= p.Hysteresis // it holds: it has to be left
		}
		if spent >= threshold-rounding {
			state = step.State
		}
	}
	return state
}

// next moves a policy on by one reading. changed says that its state is another.
func next(prev PolicyRecord, p *slo.Policy, in reading) (r PolicyRecord, changed bool) {
	if in.ts <= prev.TS {
		return prev, false
	}
	r = prev
	r.TS, r.Spent, r.Fast = in.ts, govern.Number(in.spent), in.fast
	r.BySpent = bySpent(p, prev.BySpent, in.spent)
	r.State = r.BySpent
	if in.fast {
		r.State = r.State.Stricter(p.FastBurn)
	}
	if r.State == prev.State {
		return r, false
	}
	// A copy: readers hold the old slice.
	r.Changes = append(append([]govern.PolicyChange(nil), prev.Changes...), govern.PolicyChange{
		AtMS: in.ts, State: r.State, SpentRatio: r.Spent, Reason: reason(&r),
	})
	return r, true
}

// reason says what holds a policy in its state.
func reason(r *PolicyRecord) string {
	spent := percent(float64(r.Spent)) + " of the budget is spent"
	if r.Fast && r.State != r.BySpent {
		return "a page fires, and " + spent
	}
	return spent
}

// closes says whether the state closes the gate at wall time now, ms, and when it
// stops doing so; 0: never.
func closes(p *slo.Policy, r *PolicyRecord, now int64) (closed bool, expires int64) {
	step := p.Step(r.State)
	if !step.Closed {
		return false, 0
	}
	if step.Expiry > 0 {
		expires = r.since() + step.Expiry.Milliseconds()
	}
	return expires == 0 || now < expires, expires
}

// percent writes a ratio with the three digits that matter.
func percent(v float64) string {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return fmt.Sprint(v)
	case math.Abs(v) >= 1:
		return fmt.Sprintf("%.0f %%", v*100)
	}
	return fmt.Sprintf("%.3g %%", v*100)
}

func stamp(ts int64) string { return time.UnixMilli(ts).UTC().Format(time.RFC3339) }
