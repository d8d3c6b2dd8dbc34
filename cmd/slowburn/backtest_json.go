package main

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// backtestJSON is what --format=json prints. Times are RFC 3339, ratios 0–1.
type backtestJSON struct {
	Start    time.Time     `json:"start"`
	End      time.Time     `json:"end"`
	Variants []variantJSON `json:"variants"`
}

type variantJSON struct {
	Name    string       `json:"name,omitempty"` // A or B where two are compared
	Samples int64        `json:"samples"`
	Series  int64        `json:"series"`
	Alerts  []alertJSON  `json:"alerts"`
	Budgets []budgetJSON `json:"budgets"`
}

type alertJSON struct {
	Alert     string            `json:"alert"`
	Severity  string            `json:"severity"`
	Service   string            `json:"service,omitempty"`
	SLO       string            `json:"slo,omitempty"`
	Groups    map[string]string `json:"groups,omitempty"`
	Labels    map[string]string `json:"labels"`
	Long      string            `json:"long,omitempty"`
	Short     string            `json:"short,omitempty"`
	Factor    float64           `json:"factor,omitempty"`
	Burn      *float64          `json:"burn_rate,omitempty"` // null where it is infinite
	Remaining *float64          `json:"budget_remaining,omitempty"`
	Onset     *time.Time        `json:"onset,omitempty"`
	Fired     time.Time         `json:"fired"`
	Resolved  *time.Time        `json:"resolved,omitempty"`
	Minutes   *float64          `json:"minutes_after_onset,omitempty"`
}

type budgetJSON struct {
	Service string            `json:"service"`
	SLO     string            `json:"slo"`
	Groups  map[string]string `json:"groups,omitempty"`
	Target  float64           `json:"target"`
	State   slo.State         `json:"state"`
	Reason  string            `json:"reason,omitempty"`
	Windows []windowJSON      `json:"windows"`
}

type windowJSON struct {
	Window          string   `json:"window"`
	Bad             float64  `json:"bad_events"`
	Total           float64  `json:"events"`
	Remaining       *float64 `json:"budget_remaining"`
	RemainingEvents float64  `json:"budget_remaining_events"`
	Coverage        float64  `json:"coverage"`
}

func printBacktestJSON(out io.Writer, p *past, variants []variant) error {
	doc := backtestJSON{Start: instant(p.start), End: instant(p.end)}
	for _, v := range variants {
		doc.Variants = append(doc.Variants, newVariantJSON(v))
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func newVariantJSON(v variant) variantJSON {
	j := variantJSON{Name: v.name, Samples: v.result.Samples, Series: v.result.Series, Alerts: []alertJSON{}, Budgets: []budgetJSON{}}
	for i := range v.result.Alerts {
		j.Alerts = append(j.Alerts, newAlertJSON(&v.result.Alerts[i]))
	}
	for i := range v.result.Budgets {
		b := &v.result.Budgets[i]
		x := budgetJSON{
			Service: b.Objective.Service, SLO: b.Objective.Name, Groups: b.Groups.Map(), Target: b.Objective.Target,
			State: b.State, Reason: b.Reason, Windows: []windowJSON{},
		}
		for _, w := range b.Windows {
			x.Windows = append(x.Windows, windowJSON{w.Window.String(), w.Counts.Bad, w.Counts.Total, finite(w.Remaining), w.RemainingEvents, w.Coverage})
		}
		j.Budgets = append(j.Budgets, x)
	}
	return j
}

func newAlertJSON(a *replay.Alert) alertJSON {
	j := alertJSON{
		Alert: a.Labels.Get("alertname"), Severity: a.Severity, Labels: a.Labels.Map(), Fired: instant(a.FiredAt),
	}
	if a.ResolvedAt != 0 {
		t := instant(a.ResolvedAt)
		j.Resolved = &t
	}
	if a.Onset != 0 {
		t, m := instant(a.Onset), float64(a.FiredAt-a.Onset)/60_000
		j.Onset, j.Minutes = &t, &m
	}
	if a.Objective != nil {
		j.Service, j.SLO, j.Groups = a.Objective.Service, a.Objective.Name, a.Groups.Map()
		j.Long, j.Short, j.Factor = slo.FormatDuration(a.Pair.Long), slo.FormatDuration(a.Pair.Short), a.Pair.Factor
		j.Burn, j.Remaining = finite(a.Burn), finite(a.Remaining)
	}
	return j
}

func instant(ts int64) time.Time { return time.UnixMilli(ts).UTC() }

// finite leaves out what JSON cannot say.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}
