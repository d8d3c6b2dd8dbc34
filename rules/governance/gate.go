package governance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// known is what the gate knows of one objective.
type known struct {
	objective *slo.Objective
	status    *slo.Status // of its roll-up; nil if there is none
	policy    PolicyRecord
	recent    slo.Counts // of the last hour
	forecast  govern.Forecast
	override  *govern.Override // in force
}

// maxAge is how old the newest evaluation may be, ms: as for absence.
const maxAge = 5 * 60_000

// decide is the gate's answer for one objective at wall time now, ms.
func decide(k *known, changeType string, now int64) govern.GateObjective {
	o, p := k.objective, &k.objective.Policy
	a := govern.GateObjective{
		SLO: o.Name, Tier: o.Tier, State: slo.StateNoData, PolicyState: k.policy.State,
		DecisionOwner: p.DecisionOwner(k.policy.State, o), Window: o.Windows[0].String(),
		Forecast: k.forecast, Burning: []string{}, RecentCoverage: govern.Number(k.recent.Coverage()),
		RemainingRatio: govern.Number(math.NaN()), RemainingEvents: govern.Number(math.NaN()),
	}
	if s := k.status; s != nil {
		a.State, a.DataTimeMS = s.State, s.TS
		a.Burning = append(a.Burning, firing(s, slo.SeverityPage, slo.SeverityTicket)...)
		if len(s.Windows) > 0 && s.TS != 0 {
			w := &s.Windows[0]
			a.RemainingRatio, a.RemainingEvents, a.CoverageRatio = govern.Number(w.Remaining), govern.Number(w.RemainingEvents), govern.Number(w.Coverage)
		}
	}
	a.Reasons = append(blind(k, now), against(k, changeType, now)...)
	verdicts := make([]govern.Verdict, 0, len(a.Reasons)+1)
	overridden := false
	for i := range a.Reasons {
		r := &a.Reasons[i]
		r.SLO = o.Name
		if r.Verdict == govern.Fail && k.override != nil {
			overridden = true
			continue
		}
		verdicts = append(verdicts, r.Verdict)
	}
	if overridden {
		a.Reasons = append(a.Reasons, govern.Reason{Code: govern.ReasonOverride, SLO: o.Name, Verdict: govern.Pass,
			Text: fmt.Sprintf("%s overrides it until %s: %s", k.override.Author, stamp(k.override.ExpiresMS), k.override.Reason)})
	}
	a.Verdict = worst(append(verdicts, govern.Pass)...)
	if len(a.Reasons) == 0 || a.Verdict == govern.Pass && !overridden {
		a.Reasons = append(a.Reasons, govern.Reason{Code: govern.ReasonBudget, SLO: o.Name, Verdict: govern.Pass,
			Text: fmt.Sprintf("%s of the %s budget is left, and nine of ten releases cost at most %s", percent(float64(a.RemainingRatio)), a.Window, percent(float64(k.forecast.P90Ratio)))})
	}
	return a
}

// blind is why too little is known of an objective to let anything pass.
func blind(k *known, now int64) []govern.Reason {
	unknown := func(code, text string, args ...any) []govern.Reason {
		return []govern.Reason{{Code: code, Verdict: govern.Unknown, Text: fmt.Sprintf(text, args...)}}
	}
	s := k.status
	switch {
	case s == nil || s.TS == 0 || len(s.Windows) == 0:
		why := "no slot has been evaluated yet"
		if s != nil && s.Reason != "" {
			why = s.Reason
		}
		return unknown(govern.ReasonNoData, "there is no data: %s", why)
	case s.State == slo.StateNoData && s.Reason != "":
		return unknown(govern.ReasonNoData, "there is no data: %s", s.Reason)
	case s.State == slo.StateNoData:
		return unknown(govern.ReasonNoData, "the last 5 minutes were not observed")
	case now-s.TS > maxAge:
		return unknown(govern.ReasonNoData, "the newest data is of %s, which is %s ago", stamp(s.TS), (time.Duration(now-s.TS) * time.Millisecond).Round(time.Second))
	case s.Windows[0].Coverage < k.objective.Policy.MinCoverage:
		return unknown(govern.ReasonCoverage, "only %s of the %s window was observed, and the policy wants %s", percent(s.Windows[0].Coverage), s.Windows[0].Window, percent(k.objective.Policy.MinCoverage))
	case k.recent.Coverage() < minCoverage:
		return unknown(govern.ReasonCoverage, "only %s of the last hour was observed", percent(k.recent.Coverage()))
	case s.Windows[0].Counts.Total <= 0:
		return unknown(govern.ReasonNoEvents, "the %s window holds no events: there is no budget to speak of", s.Windows[0].Window)
	}
	return nil
}

// against is what speaks against a change of the type, or why nothing does although
// the budget would.
func against(k *known, changeType string, now int64) []govern.Reason {
	var out []govern.Reason
	add := func(code string, v govern.Verdict, text string, args ...any) {
		out = append(out, govern.Reason{Code: code, Verdict: v, Text: fmt.Sprintf(text, args...)})
	}
	p := &k.objective.Policy
	step := p.Step(k.policy.State)
	if slices.Contains(step.Allow, changeType) {
		add(govern.ReasonAllowedType, govern.Pass, "a %s may go out in state %s", changeType, k.policy.State)
		return out
	}
	closed, expires := closes(p, &k.policy, now)
	switch {
	case closed:
		add(govern.ReasonPolicy, govern.Fail, "the policy is %s: %s; %s decides", k.policy.State, reason(&k.policy), orNobody(p.DecisionOwner(k.policy.State, k.objective)))
	case expires != 0:
		add(govern.ReasonExpired, govern.Pass, "the policy is %s since %s, but stopped closing the gate at %s", k.policy.State, stamp(k.policy.since()), stamp(expires))
	}
	if k.status == nil || len(k.status.Windows) == 0 {
		return out
	}
	if len(firing(k.status, slo.SeverityPage)) > 0 {
		add(govern.ReasonBurning, govern.Fail, "a page fires: the budget burns too fast right now")
	}
	left := k.status.Windows[0].Remaining
	switch p90 := float64(k.forecast.P90Ratio); {
	case p90 <= left || expires != 0:
	case left < 0:
		add(govern.ReasonForecast, govern.Fail, "the budget is overspent: %s of it is left, whatever a release costs", percent(left))
	default:
		add(govern.ReasonForecast, govern.Fail, "one of ten releases costs %s of the budget or more, and %s is left (%s)", percent(p90), percent(left), k.forecast.Assumption)
	}
	return out
}

func orNobody(owner string) string { return cmp.Or(owner, "nobody named") }

// mitigations are ways to make a release smaller, with what they would come to, for
// the objectives that stand in its way.
func mitigations(objectives []govern.GateObjective) []string {
	out := []string{}
	p90, blocked, allowed := 0.0, false, false
	for i := range objectives {
		a := &objectives[i]
		guarded := a.PolicyState == slo.PolicyGuarded || a.PolicyState == slo.PolicyFrozen
		if a.Verdict == govern.Pass && !guarded {
			continue
		}
		blocked = true
		allowed = allowed || a.PolicyState == slo.PolicyFrozen
		p90 = max(p90, float64(a.Forecast.P90Ratio))
	}
	if !blocked {
		return out
	}
	out = append(out,
		fmt.Sprintf("Put the change behind a flag: shipped dark it costs nothing, switched on for 1 %% of users at most about %s of the budget.", percent(p90/100)),
		fmt.Sprintf("Roll out in stages: a first stage of 5 %% of the traffic risks about %s of the budget instead of %s; ask the gate with --canary before the next.", percent(p90/20), percent(p90)),
		"Release blue-green: keep the old version warm, so that going back takes a minute.")
	if allowed {
		out = append(out, "If it repairs what spends the budget, name its change type: the policy lets those through.")
	}
	return out
}

// byWeight puts reasons that decide first.
func byWeight(a, b govern.Reason) int {
	order := []govern.Verdict{govern.Fail, govern.Unknown, govern.Pass}
	return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
}
