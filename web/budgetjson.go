package web

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// budgetJSON is one budget in /api/slo/v1/budgets. Field names are a contract:
// units are in them, ratios are 0–1, times are milliseconds of event time.
type budgetJSON struct {
	// ID names the budget; it is the cursor of paging.
	ID      string        `json:"id"`
	Service string        `json:"service"`
	SLO     string        `json:"slo"`
	Groups  labels.Labels `json:"groups"`
	// Labels are those of the budget's series.
	Labels labels.Labels `json:"labels"`
	State  slo.State     `json:"state"`
	// Reason says why there is no data, if there is none.
	Reason      string `json:"reason,omitempty"`
	TargetRatio number `json:"target_ratio"`
	Tier        string `json:"tier,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// PolicyState is that of the objective's policy, empty before its first
	// evaluation; DecisionOwner decides in it.
	PolicyState   slo.PolicyState `json:"policy_state,omitempty"`
	DecisionOwner string          `json:"decision_owner,omitempty"`
	Runbook       string          `json:"runbook,omitempty"`
	Dashboard     string          `json:"dashboard,omitempty"`
	DataTimeMS    int64           `json:"data_time_ms"`
	DataSinceMS   int64           `json:"data_since_ms"`
	Series        int             `json:"series"`
	Windows       []windowJSON    `json:"windows"`
	Pairs         []pairJSON      `json:"pairs"`
	Alerts        []alertJSON     `json:"alerts"`
}

type windowJSON struct {
	Window  string `json:"window"`
	StartMS int64  `json:"start_ms"`

	TotalEvents     number `json:"total_events"`
	BadEvents       number `json:"bad_events"`
	ScrapesObserved number `json:"scrapes_observed"`
	ScrapesExpected number `json:"scrapes_expected"`

	ErrorRatio              number `json:"error_ratio"`
	BurnRate                number `json:"burn_rate"`
	RemainingRatio          number `json:"remaining_ratio"`
	RemainingEvents         number `json:"remaining_events"`
	TimeToExhaustionSeconds number `json:"time_to_exhaustion_seconds"`
	CoverageRatio           number `json:"coverage_ratio"`
}

type pairJSON struct {
	Severity      string `json:"severity"`
	LongWindow    string `json:"long_window"`
	ShortWindow   string `json:"short_window"`
	Threshold     number `json:"threshold_burn_rate"`
	LongBurnRate  number `json:"long_burn_rate"`
	ShortBurnRate number `json:"short_burn_rate"`
	Holds         bool   `json:"holds"`
}

type alertJSON struct {
	Labels      labels.Labels  `json:"labels"`
	Annotations labels.Labels  `json:"annotations"`
	State       slo.AlertState `json:"state"`
	ActiveMS    int64          `json:"active_ms"`
	FiredMS     int64          `json:"fired_ms,omitempty"`
	Value       number         `json:"value"`
}

func (h *Handler) budgetToJSON(s *slo.Status) budgetJSON {
	o := s.Objective
	policy, decides := h.o.Policy(o)
	b := budgetJSON{
		ID: id(s), Service: o.Service, SLO: o.Name, Groups: s.Groups, Labels: s.Labels,
		State: s.State, Reason: s.Reason, TargetRatio: number(o.Target), Tier: o.Tier, Owner: o.Owner,
		PolicyState: policy, DecisionOwner: decides,
		Runbook: o.Runbook, Dashboard: o.Dashboard, DataTimeMS: s.TS, DataSinceMS: s.Since, Series: s.Series,
		Windows: make([]windowJSON, 0, len(s.Windows)),
		Pairs:   make([]pairJSON, 0, len(s.Pairs)),
		Alerts:  make([]alertJSON, 0, len(s.Alerts)),
	}
	for i := range s.Windows {
		w := &s.Windows[i]
		b.Windows = append(b.Windows, windowJSON{
			Window: w.Window.String(), StartMS: w.Start,
			TotalEvents: number(w.Counts.Total), BadEvents: number(w.Counts.Bad),
			ScrapesObserved: number(w.Counts.Observed), ScrapesExpected: number(w.Counts.Expected),
			ErrorRatio: number(w.ErrorRatio), BurnRate: number(w.BurnRate),
			RemainingRatio: number(w.Remaining), RemainingEvents: number(w.RemainingEvents),
			TimeToExhaustionSeconds: number(w.TimeToExhaustion), CoverageRatio: number(w.Coverage),
		})
	}
	for _, p := range s.Pairs {
		b.Pairs = append(b.Pairs, pairJSON{
			Severity: p.Severity, LongWindow: slo.FormatDuration(p.Pair.Long), ShortWindow: slo.FormatDuration(p.Pair.Short),
			Threshold: number(p.Pair.Factor), LongBurnRate: number(p.LongBurn), ShortBurnRate: number(p.ShortBurn), Holds: p.Holds,
		})
	}
	for i := range s.Alerts {
		b.Alerts = append(b.Alerts, alertToJSON(&s.Alerts[i]))
	}
	return b
}
