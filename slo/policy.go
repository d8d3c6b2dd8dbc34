package slo

import (
	"slices"
	"time"
)

// PolicyState is what a spent budget means for those who release.
type PolicyState string

// The states of a policy, from the freest to the strictest.
const (
	PolicyHealthy PolicyState = "healthy"
	PolicyWatch   PolicyState = "watch"
	PolicyGuarded PolicyState = "guarded"
	PolicyFrozen  PolicyState = "frozen"
)

// PolicyStates are in order: a later one is stricter.
var PolicyStates = []PolicyState{PolicyHealthy, PolicyWatch, PolicyGuarded, PolicyFrozen}

// Stricter returns the stricter of two states.
func (s PolicyState) Stricter(t PolicyState) PolicyState {
	if slices.Index(PolicyStates, t) > slices.Index(PolicyStates, s) {
		return t
	}
	return s
}

// Policy says what follows from a budget that is being spent: who decides what,
// and whether one may release. A tier has one.
type Policy struct {
	// Owner decides, unless a step names another; empty is the objective's owner.
	Owner string
	// Steps are the four states in order.
	Steps [4]PolicyStep
	// Hysteresis is how far the share spent must fall below a step's threshold for
	// the state to be left, ratio.
	Hysteresis float64
	// FastBurn is the state that holds at least while a page of the budget fires;
	// PolicyHealthy: a page changes nothing.
	FastBurn PolicyState
	// MinCoverage is how much of the window must have been observed for the gate
	// to give an answer, ratio.
	MinCoverage float64
	// Overriders may override the gate; empty: whoever has the admin scope.
	Overriders []string
}

// PolicyStep is one state of a policy.
type PolicyStep struct {
	State PolicyState
	// Spent is the share of the budget spent from which on the state holds.
	Spent float64
	// Owner decides in this state; empty is the policy's.
	Owner string
	// Actions say what to do, one sentence each.
	Actions []string
	// Closed says that the gate fails in this state, but for change types in Allow.
	Closed bool
	Allow  []string
	// Expiry is for how long the state closes the gate, after which its owner has to
	// decide anew; 0: as long as it lasts.
	Expiry time.Duration
}

// DefaultPolicy is that of a tier that names none: watch at half of the budget,
// guarded at three quarters, frozen when it is spent.
func DefaultPolicy() Policy {
	return Policy{
		Steps: [4]PolicyStep{
			{State: PolicyHealthy},
			{State: PolicyWatch, Spent: 0.50, Actions: []string{
				"Look at what spends the budget, and plan its repair.",
			}},
			{State: PolicyGuarded, Spent: 0.75, Actions: []string{
				"Release in stages or behind a flag, within working hours.",
				"Put the repair of the biggest spender before features.",
			}},
			{State: PolicyFrozen, Spent: 1, Closed: true, Allow: []string{"rollback", "fix"}, Actions: []string{
				"Release only rollbacks and fixes.",
				"Work on reliability until the budget recovers.",
			}},
		},
		Hysteresis:  0.05,
		FastBurn:    PolicyGuarded,
		MinCoverage: MinDataCoverage,
	}
}

// Step is that of the state.
func (p *Policy) Step(s PolicyState) *PolicyStep {
	return &p.Steps[max(0, slices.Index(PolicyStates, s))]
}

// DecisionOwner is who decides in the state about the objective.
func (p *Policy) DecisionOwner(s PolicyState, o *Objective) string {
	for _, owner := range []string{p.Step(s).Owner, p.Owner} {
		if owner != "" {
			return owner
		}
	}
	return o.Owner
}
