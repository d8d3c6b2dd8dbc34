package web

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/httputil"

	"github.com/slowburn/slowburn/slo"
)

// summaryJSON is one objective in /api/slo/v1/summary: what a list of ten thousand
// shows of each, and no more. Its figures are the roll-up's over the first window.
type summaryJSON struct {
	Service     string `json:"service"`
	SLO         string `json:"slo"`
	Owner       string `json:"owner,omitempty"`
	Tier        string `json:"tier,omitempty"`
	TargetRatio number `json:"target_ratio"`
	Window      string `json:"window"`
	// By are the group labels under the names that series carry.
	By []string `json:"by,omitempty"`
	// State is burning if any budget of the objective burns, else the roll-up's.
	State  slo.State `json:"state"`
	Reason string    `json:"reason,omitempty"`
	// Alert is the worst severity that fires, page or ticket.
	Alert          string `json:"alert,omitempty"`
	DataTimeMS     int64  `json:"data_time_ms"`
	RemainingRatio number `json:"remaining_ratio"`
	// BurnRate is that of now: over the shortest window of any alert, BurnWindow.
	BurnRate   number `json:"burn_rate"`
	BurnWindow string `json:"burn_window,omitempty"`
	// NearnessRatio is how near the nearest alert of any budget is: 1 where the
	// burn rates of both of a pair's windows reach its threshold.
	NearnessRatio number `json:"nearness_ratio"`
	CoverageRatio number `json:"coverage_ratio"`
	// Segments counts the budgets with group labels; Worst is the one that burns
	// and has least left.
	Segments        int          `json:"segments,omitempty"`
	BurningSegments int          `json:"burning_segments,omitempty"`
	Worst           *segmentJSON `json:"worst,omitempty"`
}

type segmentJSON struct {
	Groups         labels.Labels `json:"groups"`
	State          slo.State     `json:"state"`
	RemainingRatio number        `json:"remaining_ratio"`
	BurnRate       number        `json:"burn_rate"`
}

// summary serves /api/slo/v1/summary: {"status":"success","data":{"objectives":[…]}},
// filtered as budgets are.
func (h *Handler) summary(w http.ResponseWriter, r *http.Request) {
	q, err := parseBudgetQuery(r.URL.Query())
	if err != nil {
		badQuery(w, err)
		return
	}
	states := q.states
	q.states, q.after, q.limit = nil, "", 0 // A segment's state is its objective's too.
	budgets, _ := q.apply(h.o.Budgets())
	httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		// The client has gone if this fails; the status is out already.
		_ = writeSummaries(w, budgets, states)
	})}.ServeHTTP(w, r)
}

// writeSummaries writes one summary per run of budgets of one objective.
func writeSummaries(w io.Writer, budgets []*slo.Status, states []slo.State) error {
	b := bufio.NewWriterSize(w, 32<<10)
	b.WriteString(`{"status":"success","data":{"objectives":[`)
	enc := json.NewEncoder(b)
	first := true
	for len(budgets) > 0 {
		n := 1
		for n < len(budgets) && budgets[n].Objective.ID() == budgets[0].Objective.ID() {
			n++
		}
		s := summarize(budgets[:n])
		budgets = budgets[n:]
		if !in(states, s.State) {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if err := enc.Encode(s); err != nil {
			return err
		}
	}
	b.WriteString("]}}\n")
	return b.Flush()
}

// summarize puts the budgets of one objective, of which there is at least one,
// into one line.
func summarize(budgets []*slo.Status) summaryJSON {
	whole := budgets[0]
	var worst *slo.Status
	var s summaryJSON
	for _, b := range budgets {
		s.NearnessRatio = max(s.NearnessRatio, number(nearness(b)))
		s.Alert = worseSeverity(s.Alert, b.Alerts)
		if b.Groups.IsEmpty() {
			whole = b
			continue
		}
		s.Segments++
		if shownState(b) == slo.StateBurning {
			s.BurningSegments++
		}
		if worst == nil || worstFirst(b, worst) < 0 {
			worst = b
		}
	}
	o := whole.Objective
	s.Service, s.SLO, s.Owner, s.Tier, s.TargetRatio = o.Service, o.Name, o.Owner, o.Tier, number(o.Target)
	for _, name := range o.SLI.By {
		s.By = append(s.By, slo.GroupLabel(name))
	}
	s.State, s.Reason, s.DataTimeMS = shownState(whole), whole.Reason, whole.TS
	if s.BurningSegments > 0 {
		s.State = slo.StateBurning
	}
	s.Window = o.Windows[0].String()
	s.RemainingRatio, s.CoverageRatio = number(left(whole)), number(coverage(whole))
	rate, window := burnNow(whole)
	s.BurnRate, s.BurnWindow = number(rate), window
	if worst != nil {
		rate, _ := burnNow(worst)
		s.Worst = &segmentJSON{worst.Groups, shownState(worst), number(left(worst)), number(rate)}
	}
	return s
}

// worseSeverity is the worst of severity and those that fire.
func worseSeverity(severity string, alerts []slo.Alert) string {
	for i := range alerts {
		if alerts[i].State != slo.AlertFiring {
			continue
		}
		switch have := severityOf(&alerts[i]); {
		case have == slo.SeverityPage, have == slo.SeverityTicket && severity == "":
			severity = have
		}
	}
	return severity
}

// severityOf is an alert's severity, whose label files of other tools may name
// otherwise.
func severityOf(a *slo.Alert) string {
	return cmp.Or(a.Labels.Get("sloth_severity"), a.Labels.Get("severity"))
}

// shownState is a budget's state with what may have fired inside a slot that is
// still open, of which State says nothing.
func shownState(s *slo.Status) slo.State {
	if s.State != slo.StateNoData && firing(s) > 0 {
		return slo.StateBurning
	}
	return s.State
}

// worstFirst orders by firing alerts, state, then what is left of the budget.
func worstFirst(a, b *slo.Status) int {
	return cmp.Or(
		cmp.Compare(firing(b), firing(a)),
		cmp.Compare(slices.Index(slo.States, a.State), slices.Index(slo.States, b.State)),
		cmp.Compare(left(a), left(b)),
	)
}

func firing(s *slo.Status) int {
	n := 0
	for i := range s.Alerts {
		if s.Alerts[i].State == slo.AlertFiring {
			n++
		}
	}
	return n
}

func left(s *slo.Status) float64 {
	if len(s.Windows) == 0 {
		return 1
	}
	return s.Windows[0].Remaining
}

func coverage(s *slo.Status) float64 {
	if len(s.Windows) == 0 {
		return 0
	}
	return s.Windows[0].Coverage
}

// burnNow is the burn rate over the shortest window of any pair.
func burnNow(s *slo.Status) (rate float64, window string) {
	if len(s.Pairs) == 0 {
		return 0, ""
	}
	p := slices.MinFunc(s.Pairs, func(a, b slo.PairStatus) int { return cmp.Compare(a.Pair.Short, b.Pair.Short) })
	return p.ShortBurn, slo.FormatDuration(p.Pair.Short)
}

// nearness is the largest share of its threshold that both windows of a pair reach.
func nearness(s *slo.Status) float64 {
	near := 0.0
	for _, p := range s.Pairs {
		if p.Pair.Factor > 0 {
			near = max(near, min(p.LongBurn, p.ShortBurn)/p.Pair.Factor)
		}
	}
	return near
}
