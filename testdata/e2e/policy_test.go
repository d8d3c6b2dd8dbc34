//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// byOwner routes what budget policies say to the team that owns the objective.
const byOwner = `
route:
  receiver: rest
  group_by: ['...']
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 24h
  routes:
    - matchers: [alertname="SLOErrorBudgetPolicy", owner="team-feed"]
      receiver: owners
receivers:
  - name: owners
    webhook_configs: [{url: %s, send_resolved: true}]
  - name: rest
    webhook_configs: [{url: %s, send_resolved: true}]
`

// governed is a configuration whose tier never pages, so that its policy moves alone.
const governed = `slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 1m, short: 30s, factor: 900}
    policy:
      decision_owner: dana
      states:
        frozen: {spent: 100%%, actions: [Only fixes of what spends the budget go out.]}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [%q]
`

// TestPolicyReachesItsOwner: a budget is spent and recovers. Those who own it, and nobody
// else, are told once that its policy is frozen, what to do and who decides, and once
// that this is over.
func TestPolicyReachesItsOwner(t *testing.T) {
	owners, rest := rig.NewWebhook(t), rig.NewWebhook(t)
	am := rig.StartAlertmanagerWith(t, fmt.Sprintf(byOwner, owners.URL, rest.URL))
	s := rig.NewSlowburn(t, fmt.Sprintf(governed, am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play := func(seconds int, good, bad float64) {
		t.Helper()
		if err := feed.Play(time.Duration(seconds)*time.Second, good, bad); err != nil {
			t.Fatal(err)
		}
	}
	state := func(name string) map[string]string {
		return map[string]string{"alertname": "SLOErrorBudgetPolicy", "service": "feed", "slo": "requests", "state": name}
	}

	play(30, 1000, 0)
	play(20, 999, 1)  // 0.04 % of all: two fifths of the budget
	play(35, 990, 10) // more than there is
	proc.Until(t, 30*time.Second, "the owner is told of the freeze", func() error { return owners.Saw(1, 0, state("frozen")) })
	n := owners.Notices("firing", state("frozen"))[0]
	for name, want := range map[string]string{"owner": "team-feed", "decision_owner": "dana", "severity": "ticket", "tier": "quick"} {
		if have := n.Labels[name]; have != want {
			t.Errorf("label %s: want %q, have %q", name, want, have)
		}
	}
	for name, want := range map[string]string{
		"summary":  "feed/requests is frozen",
		"decision": "dana decides. Only fixes of what spends the budget go out.",
		"gate":     "closed", "description": "of the budget is spent",
	} {
		if have := n.Annotations[name]; !strings.Contains(have, want) {
			t.Errorf("annotation %s: want %q in it, have %q", name, want, have)
		}
	}
	if want := "http://" + s.Addr + "/objective?service=feed&slo=requests"; n.GeneratorURL != want {
		t.Errorf("want a link to %s, have %s", want, n.GeneratorURL)
	}

	s.Kill()
	s.Start()
	s.Ready(20 * time.Second)
	proc.Always(t, 5*time.Second, "a start tells nothing anew", func() error { return owners.Saw(1, 0, state("frozen")) })

	play(35, 1_000_000, 0) // so much traffic that what was lost hardly counts
	proc.Until(t, 30*time.Second, "the owner is told of the end", func() error { return owners.Saw(1, 1, state("frozen")) })
	if err := rest.Saw(0, 0, map[string]string{"alertname": "SLOErrorBudgetPolicy"}); err != nil {
		t.Errorf("others were told: %v", err)
	}
}
