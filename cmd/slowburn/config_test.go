package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

func TestConfigIsPlainValues(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "slowburn.yml")
	text := `
slo_files: [slos/*.yml, /etc/slos/a.yml]
external_labels: {cluster: eu-1, replica: 2}
slot: 60s
ingest:
  keep: all
  source_labels: cluster
  limits: {body: 8MiB, decoded: 1GB}
tiers:
  quick:
    alerts:
      - severity: page
        pairs: [{long: 1h, short: 5m, share: 2%}, {long: 6h, short: 30m, factor: 5}]
        for: 2m
        keep_firing_for: 3m
        min_bad_events: 7
alerting:
  alert_relabel_configs: [{action: labeldrop, regex: replica}]
  alertmanagers:
    - static_configs: [{targets: ["127.0.0.1:9093"]}]
      basic_auth: {username: me, password: canary-1}
      tls_config: {ca_file: ca.pem}
  webhook: {url: "http://127.0.0.1/canary-2"}
  trace_url: https://tempo/${trace_id}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if want, have := []string{filepath.Join(dir, "slos/*.yml"), "/etc/slos/a.yml"}, c.SLOFiles; !cmp.Equal(want, have) {
		t.Error(cmp.Diff(want, have))
	}
	if want, have := `{cluster="eu-1", replica="2"}`, c.ExternalLabels.String(); want != have {
		t.Errorf("want %s, have %s", want, have)
	}
	want := DefaultConfig().Ingest
	want.KeepAll, want.SourceLabels = true, []string{"cluster"}
	want.Limits.Body, want.Limits.Decoded = 8<<20, 1e9
	if !cmp.Equal(want, c.Ingest) {
		t.Error(cmp.Diff(want, c.Ingest))
	}
	h, m := time.Hour, time.Minute
	tier := slo.Tier{Name: "quick", Policy: slo.DefaultPolicy(), Alerts: []slo.TierAlert{{
		Severity: "page", For: 2 * m, KeepFiringFor: 3 * m, MinBadEvents: 7,
		Pairs: []slo.TierPair{{Long: h, Short: 5 * m, Share: 0.02}, {Long: 6 * h, Short: 30 * m, Factor: 5}},
	}}}
	if have := c.Tiers["quick"]; !cmp.Equal(tier, have) {
		t.Error(cmp.Diff(tier, have))
	}
	if len(c.Tiers) != 4 || c.Slot != time.Minute || c.Webhook == nil || len(c.Alerting.AlertRelabelConfigs) != 1 {
		t.Errorf("want all of it, have %+v", c)
	}
	if want, have := "https://tempo/4bf92f", c.TraceURL.Link(labels.FromStrings("trace_id", "4bf92f")); want != have {
		t.Errorf("want %s, have %s", want, have)
	}
	am := c.Alerting.AlertmanagerConfigs[0]
	if want, have := filepath.Join(dir, "ca.pem"), am.HTTPClientConfig.TLSConfig.CAFile; want != have {
		t.Errorf("want %s, have %s", want, have)
	}
	if am.HTTPClientConfig.BasicAuth.Password != "canary-1" {
		t.Errorf("want the password, have %q", am.HTTPClientConfig.BasicAuth.Password)
	}
	for _, sign := range []string{"<secret>", "slos/*.yml", "labeldrop", "trace_url: https://tempo/${trace_id}\n"} {
		if !strings.Contains(c.Redacted(), sign) {
			t.Errorf("want %q in\n%s", sign, c.Redacted())
		}
	}
	if strings.Contains(c.Redacted(), "canary") {
		t.Errorf("want no secret in\n%s", c.Redacted())
	}
}

// TestPolicyAlone changes what follows from a spent budget and leaves the tier's
// alerts alone.
func TestPolicyAlone(t *testing.T) {
	c, err := ParseConfig("slowburn.yml", []byte(`
slo_files: a.yml
tiers:
  critical:
    policy:
      decision_owner: head-of-payments
      hysteresis: 10%
      fast_burn: healthy
      min_coverage: 0.5
      may_override: [alice, bob]
      states:
        guarded: {spent: 70%, gate: fail, actions: Ask first., allow: [fix]}
        frozen: {decision_owner: cto, expiry: 14d}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := slo.DefaultPolicy()
	want.Owner, want.Hysteresis, want.FastBurn, want.MinCoverage = "head-of-payments", 0.1, slo.PolicyHealthy, 0.5
	want.Overriders = []string{"alice", "bob"}
	guarded, frozen := want.Step(slo.PolicyGuarded), want.Step(slo.PolicyFrozen)
	guarded.Spent, guarded.Closed, guarded.Actions, guarded.Allow = 0.7, true, []string{"Ask first."}, []string{"fix"}
	frozen.Owner, frozen.Expiry = "cto", 14*24*time.Hour
	if have := c.Tiers["critical"]; !cmp.Equal(want, have.Policy) || !cmp.Equal(slo.DefaultTiers()["critical"].Alerts, have.Alerts) {
		t.Errorf("%s\nalerts %v", cmp.Diff(want, have.Policy), have.Alerts)
	}
}

func TestSmallestConfig(t *testing.T) {
	c, err := ParseConfig("slowburn.yml", []byte("slo_files: a.yml\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Slot != slo.DefaultSlot || len(c.Alerting.AlertmanagerConfigs) != 0 || !strings.Contains(c.Redacted(), "slo_files") {
		t.Errorf("want defaults, have %+v", c)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("slo_files: [a]\nalerting: {alertmanagers: [{static_configs: [{targets: [x]}]}], webhook: {url: http://x}}\n")
	f.Add("tiers: {a: {alerts: [{severity: page, pairs: [{long: 1h, short: 5m, share: 2%}]}]}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConfig("f.yml", []byte(text))
		if (c == nil) == (err == nil) {
			t.Errorf("want a configuration or an error, have %v and %v", c, err)
		}
	})
}
