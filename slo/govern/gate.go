package govern

import "github.com/slowburn/slowburn/slo"

// Verdict answers "may we release?".
type Verdict string

// The verdicts. Unknown is neither: too little is known to say.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// GateQuery asks whether a change of the type may go out.
type GateQuery struct {
	Service    string
	SLOs       []string // of the service; empty: all
	ChangeType string   // empty: DefaultType
	// Canary, if its selector is not empty, is judged too.
	Canary CanaryQuery
	// OnUnknown is the decision when the verdict is unknown: Pass, Fail, or Unknown
	// to leave it to the caller.
	OnUnknown Verdict
}

// GateAnswer is what the gate says about one service.
type GateAnswer struct {
	Service    string `json:"service"`
	ChangeType string `json:"change_type"`
	// Verdict is what is known; Decision is that with on_unknown applied.
	Verdict  Verdict `json:"verdict"`
	Decision Verdict `json:"decision"`
	// Reasons are those of all objectives that led to the verdict, worst first.
	Reasons []Reason `json:"reasons"`
	// Mitigations are ways to make the release smaller, if it is not free to go.
	Mitigations []string        `json:"mitigations"`
	Objectives  []GateObjective `json:"objectives"`
	Canary      *CanaryAnswer   `json:"canary,omitempty"`
	Override    *Override       `json:"override,omitempty"`
	// MayOverride are names of tokens and users; empty: whoever has the admin scope.
	MayOverride []string `json:"may_override"`
	AskedMS     int64    `json:"asked_ms"`
}

// GateObjective is the answer for one objective.
type GateObjective struct {
	SLO             string          `json:"slo"`
	Tier            string          `json:"tier"`
	Verdict         Verdict         `json:"verdict"`
	Reasons         []Reason        `json:"reasons"`
	State           slo.State       `json:"state"`
	PolicyState     slo.PolicyState `json:"policy_state"`
	DecisionOwner   string          `json:"decision_owner"`
	Window          string          `json:"window"`
	RemainingRatio  Number          `json:"remaining_ratio"`
	RemainingEvents Number          `json:"remaining_events"`
	CoverageRatio   Number          `json:"coverage_ratio"`
	RecentCoverage  Number          `json:"recent_coverage_ratio"` // of the last hour
	DataTimeMS      int64           `json:"data_time_ms"`
	Forecast        Forecast        `json:"forecast"`
	// Burning are the severities of its burn-rate alerts that fire.
	Burning []string `json:"burning"`
}

// Reason is one thing that speaks for a verdict.
type Reason struct {
	// Code is stable and for programs, Text is for people.
	Code    string  `json:"code"`
	SLO     string  `json:"slo,omitempty"`
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"`
}

// The codes of reasons.
const (
	ReasonNoData      = "no_data"      // unknown
	ReasonCoverage    = "low_coverage" // unknown
	ReasonNoEvents    = "no_events"    // unknown
	ReasonPolicy      = "policy"       // fail
	ReasonBurning     = "burning"      // fail
	ReasonForecast    = "forecast"     // fail
	ReasonCanary      = "canary"       // any
	ReasonAllowedType = "allowed_type" // pass
	ReasonBudget      = "budget"       // pass
	ReasonOverride    = "override"     // pass
	ReasonExpired     = "expired"      // pass
)
