package govern

import (
	"fmt"
	"strings"
)

// Mark asks to note a release. Service and Version are required; a missing time is
// now, a missing type "release".
type Mark struct {
	Service string `json:"service"`
	Version string `json:"version"`
	TimeMS  int64  `json:"time_ms,omitempty"`
	Type    string `json:"type,omitempty"`
	Link    string `json:"link,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Release is a deploy mark and what it cost.
type Release struct {
	// ID names it: service, version and time.
	ID string `json:"id"`
	Mark
	// Author is who marked it, RecordedMS when, wall time. Detected says that it was
	// read off a version label.
	Author     string `json:"author"`
	RecordedMS int64  `json:"recorded_ms"`
	Detected   bool   `json:"detected,omitempty"`
	// Costs are per objective of the service.
	Costs []Cost `json:"costs"`
}

// DefaultType is the type of a release that names none.
const DefaultType = "release"

// CostState says how far a cost is known.
type CostState string

// A cost is pending while its time runs, final after it, unknown where too little
// was observed.
const (
	CostPending CostState = "pending"
	CostFinal   CostState = "final"
	CostUnknown CostState = "unknown"
)

// Cost is the budget that one objective spent because of a release: the bad events
// above what the error ratio before it would have led to.
type Cost struct {
	SLO   string    `json:"slo"`
	State CostState `json:"state"`
	// Events in (StartMS, EndMS] are counted.
	StartMS int64 `json:"start_ms"`
	EndMS   int64 `json:"end_ms"`
	// BaselineRatio is the error ratio before the release.
	BaselineRatio Number `json:"baseline_ratio"`
	TotalEvents   Number `json:"total_events"`
	BadEvents     Number `json:"bad_events"`
	// ExcessEvents are the bad ones above the baseline, never negative.
	ExcessEvents Number `json:"excess_events"`
	// BudgetRatio is their share of the whole budget of Window, ratio.
	BudgetRatio   Number `json:"budget_ratio"`
	Window        string `json:"window"`
	CoverageRatio Number `json:"coverage_ratio"`
	// Assumption says in a sentence how the cost was reckoned.
	Assumption string `json:"assumption"`
}

// Annotation is a release as Grafana takes annotations.
type Annotation struct {
	Time    int64    `json:"time"`
	TimeEnd int64    `json:"timeEnd"`
	Title   string   `json:"title"`
	Text    string   `json:"text"`
	Tags    []string `json:"tags"`
}

// ReleaseQuery selects releases. Empty fields select all.
type ReleaseQuery struct {
	Service, Type  string
	StartMS, EndMS int64
	// Limit is how many of the newest to return; 0: 100.
	Limit int
	// Before is the ID of the last release of the page before.
	Before string
}

// Annotation spans the time over which the release's cost is counted.
func (r *Release) Annotation() Annotation {
	a := Annotation{
		Time: r.TimeMS, TimeEnd: r.TimeMS, Title: r.Service + " " + r.Version,
		Tags: []string{"release", "service:" + r.Service, "version:" + r.Version, "type:" + r.Type},
	}
	var lines []string
	for _, c := range r.Costs {
		a.TimeEnd = max(a.TimeEnd, c.EndMS)
		if c.State == CostFinal {
			lines = append(lines, fmt.Sprintf("%s: %.3g %% of the %s budget", c.SLO, float64(c.BudgetRatio)*100, c.Window))
		}
	}
	for _, s := range []string{r.Note, r.Link} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	a.Text = strings.Join(lines, "\n")
	return a
}
