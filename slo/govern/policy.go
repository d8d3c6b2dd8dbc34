package govern

import "github.com/slowburn/slowburn/slo"

// PolicyStatus is where one objective's policy stands.
type PolicyStatus struct {
	Service string          `json:"service"`
	SLO     string          `json:"slo"`
	Tier    string          `json:"tier"`
	State   slo.PolicyState `json:"state"`
	// SinceMS is when the state began, 0 before the first evaluation.
	SinceMS int64 `json:"since_ms"`
	// DataTimeMS is the newest evaluation.
	DataTimeMS     int64  `json:"data_time_ms"`
	Window         string `json:"window"`
	SpentRatio     Number `json:"spent_ratio"`
	RemainingRatio Number `json:"remaining_ratio"`
	// FastBurn says that a page of the budget fires.
	FastBurn bool `json:"fast_burn"`
	// Reason says what led to the state.
	Reason        string   `json:"reason"`
	Actions       []string `json:"actions"`
	DecisionOwner string   `json:"decision_owner"`
	// Gate is what the state alone says to a release: pass or fail.
	Gate Verdict `json:"gate"`
	// AllowedTypes are the change types that pass all the same.
	AllowedTypes []string `json:"allowed_change_types"`
	// ExpiresMS is when the state stops closing the gate; 0: never.
	ExpiresMS int64 `json:"expires_ms,omitempty"`
	// Steps are all states with their thresholds.
	Steps []PolicyStep `json:"steps"`
	// Changes are the state's past, oldest first.
	Changes []PolicyChange `json:"changes"`
}

// PolicyStep is one state of the policy.
type PolicyStep struct {
	State         slo.PolicyState `json:"state"`
	SpentRatio    Number          `json:"spent_ratio"`
	Gate          Verdict         `json:"gate"`
	DecisionOwner string          `json:"decision_owner"`
	Actions       []string        `json:"actions"`
}

// PolicyChange says that a state was entered.
type PolicyChange struct {
	AtMS       int64           `json:"at_ms"`
	State      slo.PolicyState `json:"state"`
	SpentRatio Number          `json:"spent_ratio"`
	Reason     string          `json:"reason"`
}
