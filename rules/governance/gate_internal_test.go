package governance

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// TestGate changes one thing at a time in what is known of a service that may release.
func TestGate(t *testing.T) {
	const now = int64(1_800_000_000_000)
	page := slo.Alert{Labels: labels.FromStrings("alertname", slo.AlertBurn, "severity", "page"), State: slo.AlertFiring}
	override := &govern.Override{Author: "ops", OverrideRequest: govern.OverrideRequest{Reason: "we know", ExpiresMS: now + 1}}
	frozen := func(k *known) { k.policy = PolicyRecord{State: slo.PolicyFrozen, Spent: 1.1} }
	for _, c := range []struct {
		name    string
		kind    string
		change  func(k *known)
		verdict govern.Verdict
		codes   string
	}{
		{"all is well", "release", func(*known) {}, govern.Pass, "budget"},
		{"never evaluated", "release", func(k *known) { k.status = nil }, govern.Unknown, "no_data"},
		{"no data", "release", func(k *known) { k.status.State, k.status.Reason = slo.StateNoData, "no samples" }, govern.Unknown, "no_data"},
		{"stale data", "release", func(k *known) { k.status.TS = now - 6*60_000 }, govern.Unknown, "no_data"},
		{"a window hardly observed", "release", func(k *known) { k.status.Windows[0].Coverage = 0.05 }, govern.Unknown, "low_coverage"},
		{"half an hour missing", "release", func(k *known) { k.recent.Observed = 40 }, govern.Unknown, "low_coverage"},
		{"no events", "release", func(k *known) { k.status.Windows[0].Counts.Total = 0 }, govern.Unknown, "no_events"},
		{"no traffic right now", "release", func(k *known) { k.status.State = slo.StateNoTraffic }, govern.Pass, "budget"},
		{"frozen", "release", frozen, govern.Fail, "policy"},
		{"frozen, and blind", "release", func(k *known) { frozen(k); k.status = nil }, govern.Fail, "no_data policy"},
		{"frozen, a rollback", "rollback", frozen, govern.Pass, "allowed_type budget"},
		{"blind, a rollback", "rollback", func(k *known) { frozen(k); k.status = nil }, govern.Unknown, "no_data allowed_type"},
		{"guarded", "release", func(k *known) { k.policy.State = slo.PolicyGuarded }, govern.Pass, "budget"},
		{"a page fires", "release", func(k *known) { k.status.Alerts = []slo.Alert{page} }, govern.Fail, "burning"},
		{"too dear", "release", func(k *known) { k.forecast.P90Ratio = 0.61 }, govern.Fail, "forecast"},
		{"overspent", "release", func(k *known) { k.status.Windows[0].Remaining, k.forecast.P90Ratio = -0.1, 0 }, govern.Fail, "forecast"},
		{"just fits", "release", func(k *known) { k.forecast.P90Ratio = 0.6 }, govern.Pass, "budget"},
		{"overridden", "release", func(k *known) { frozen(k); k.override = override }, govern.Pass, "policy override"},
		{"blind and overridden", "release", func(k *known) { k.status, k.override = nil, override }, govern.Unknown, "no_data"},
		{"overridden for nothing", "release", func(k *known) { k.override = override }, govern.Pass, "budget"},
		{"frozen for too long", "release", func(k *known) {
			frozen(k)
			k.objective.Policy.Steps[3].Expiry = time.Hour
			k.policy.Changes = []govern.PolicyChange{{AtMS: now - 2*3600_000, State: slo.PolicyFrozen}}
		}, govern.Pass, "expired budget"},
	} {
		o := &slo.Objective{Service: "a", Name: "b", Owner: "o", Target: 0.999, Windows: []slo.Window{slo.Rolling(30 * 24 * time.Hour)}, Policy: slo.DefaultPolicy()}
		k := &known{
			objective: o, policy: PolicyRecord{State: slo.PolicyHealthy}, recent: slo.Counts{Observed: 100, Expected: 100},
			forecast: govern.Forecast{P90Ratio: 0.1},
			status: &slo.Status{Objective: o, TS: now - 30_000, State: slo.StateOK, Windows: []slo.WindowStatus{{
				Window: o.Windows[0], Counts: slo.Counts{Total: 1000}, Remaining: 0.6, Coverage: 1}}},
		}
		c.change(k)
		a := decide(k, c.kind, now)
		var codes []string
		for _, r := range a.Reasons {
			codes = append(codes, r.Code)
			if r.Text == "" || r.SLO != "b" {
				t.Errorf("%s: a reason without text or objective: %+v", c.name, r)
			}
		}
		if a.Verdict != c.verdict || strings.Join(codes, " ") != c.codes {
			t.Errorf("%s: want %s by %q, have %s by %q", c.name, c.verdict, c.codes, a.Verdict, codes)
		}
		if known := k.status != nil; known == math.IsNaN(float64(a.RemainingRatio)) {
			t.Errorf("%s: %v of the budget is left", c.name, a.RemainingRatio)
		}
		if a.DecisionOwner != "o" {
			t.Errorf("%s: want o to decide, have %q", c.name, a.DecisionOwner)
		}
	}
}
