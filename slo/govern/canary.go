package govern

// CanaryQuery compares the part of a service that runs the new version with the
// rest, over (StartMS, EndMS].
type CanaryQuery struct {
	Service string
	SLOs    []string // empty: all of the service
	// Selector, such as {version="v2"}, is added to the SLI's own selectors. Stable
	// is empty for all series that it does not select.
	Selector, Stable string
	// StartMS and EndMS are zero for the last ten minutes.
	StartMS, EndMS int64
	// MinEvents are needed on both sides, events; 0: 100. Alpha is the significance
	// level, 0: 0.05.
	MinEvents float64
	Alpha     float64
}

// CanaryAnswer is how the canary compares.
type CanaryAnswer struct {
	Service  string            `json:"service"`
	Verdict  Verdict           `json:"verdict"`
	Canary   string            `json:"canary"`
	Stable   string            `json:"stable"`
	StartMS  int64             `json:"start_ms"`
	EndMS    int64             `json:"end_ms"`
	Alpha    Number            `json:"alpha"`
	MinEvent Number            `json:"min_events"`
	Results  []CanaryObjective `json:"objectives"`
}

// CanaryObjective is the comparison by one objective's SLI.
type CanaryObjective struct {
	SLO     string       `json:"slo"`
	Verdict Verdict      `json:"verdict"`
	Canary  CanaryCounts `json:"canary"`
	Stable  CanaryCounts `json:"stable"`
	// Test is "z" or "fisher"; PValue is how likely so bad a canary would be by
	// chance if it were as good as the rest; NaN without a test.
	Test   string `json:"test,omitempty"`
	PValue Number `json:"p_value"`
	Reason string `json:"reason"`
}

// CanaryCounts are the events of one side.
type CanaryCounts struct {
	BadEvents   Number `json:"bad_events"`
	TotalEvents Number `json:"total_events"`
	ErrorRatio  Number `json:"error_ratio"`
}
