//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// page is how the availability objective's page is told from other alerts.
var page = map[string]string{"alertname": "SLOErrorBudgetBurn", "severity": "page", "slo": "availability", "service": "shop"}

func TestPipeline(t *testing.T) {
	for name, protocol := range map[string]rig.Protocol{"RemoteWrite1": rig.RemoteWrite1, "RemoteWrite2": rig.RemoteWrite2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			webhook := rig.NewWebhook(t)
			am := rig.StartAlertmanager(t, webhook.URL)
			s := rig.NewSlowburn(t, config(am.Addr), map[string]string{"availability.yml": availability, "latency.yml": latency})
			s.Start()
			s.Ready(20 * time.Second)
			shop := rig.NewShop(t)
			rig.StartPrometheus(t, protocol, shop.Target, s.Addr)

			// Customers come once slowburn knows the shop, so that it can have seen
			// all they do.
			proc.Until(t, 30*time.Second, "slowburn has seen some scrapes", func() error {
				return want(s, t, `count_over_time(http_requests_total{code="200"}[1m]) >= bool 4`, 1)
			})
			customers, leave := context.WithCancel(context.Background())
			gone := make(chan struct{})
			go func() { defer close(gone); shop.Serve(customers, 40) }()
			defer func() { leave(); <-gone }()
			proc.Always(t, 40*time.Second, "nobody is paged while all is well", func() error { return webhook.Saw(0, 0, page) })

			shop.Break()
			proc.Until(t, time.Minute, "the page arrives", func() error { return webhook.Saw(1, 0, page) })
			firing := webhook.Notices("firing", page)[0]
			fmt.Printf("%s: paged %.1f s after the first bad answer\n", name, firing.At.Sub(shop.FirstBad()).Seconds())
			checkPage(t, firing)
			checkAlertsAPI(t, s.API(t))

			s.Kill()
			proc.Always(t, 3*time.Second, "nothing is resolved by a death", func() error { return webhook.Saw(1, 0, page) })
			s.Start()
			fmt.Printf("%s: ready %.1f s after kill -9 and start\n", name, s.Ready(20*time.Second).Seconds())
			proc.Always(t, 5*time.Second, "nobody is paged again by a start", func() error { return webhook.Saw(1, 0, page) })

			shop.Heal()
			took := proc.Until(t, 4*time.Minute, "the end arrives", func() error { return webhook.Saw(1, 1, page) })
			fmt.Printf("%s: resolved %.1f s after the last bad answer\n", name, took.Seconds())
			if resolved := webhook.Notices("resolved", page)[0]; !resolved.StartsAt.Equal(firing.StartsAt) {
				t.Errorf("want resolved what started at %s, have %s", firing.StartsAt, resolved.StartsAt)
			}

			leave()
			<-gone
			checkBudget(t, name, s, shop.Truth(t))
			checkBrokenReload(t, s)

			took, err := s.Stop(5 * time.Second)
			if err != nil {
				t.Error(err)
			}
			fmt.Printf("%s: stopped in %.1f s\n", name, took.Seconds())
			if err := webhook.Saw(1, 1, page); err != nil {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// checkPage holds what the person on call reads against what they need to know.
func checkPage(t *testing.T, n rig.Notice) {
	t.Helper()
	for label, have := range map[string]string{"window": "1d", "tier": "quick", "owner": "team-shop"} {
		if n.Labels[label] != have {
			t.Errorf("label %s: want %q, have %q", label, have, n.Labels[label])
		}
	}
	for _, changing := range []string{"burn_rate", "pair", "remaining", "cluster", "source", "generation"} {
		if have, ok := n.Labels[changing]; ok {
			t.Errorf("want no label %s: identity would change, have %q", changing, have)
		}
	}
	// What they come to, TestAnnotations of rules computes.
	for _, name := range []string{
		"summary", "description", "pair", "burn_rate_long", "burn_rate_short", "budget_remaining", "hours_to_exhaustion", "events_lost", "data_time",
	} {
		if n.Annotations[name] == "" {
			t.Errorf("want an annotation %s, have %v", name, n.Annotations)
		}
	}
	for name, want := range map[string]string{
		"runbook_url": "https://runbooks.example.org/shop", "dashboard_url": "https://grafana.example.org/d/shop", "decision_owner": "team-shop",
	} {
		if have := n.Annotations[name]; have != want {
			t.Errorf("annotation %s: want the objective's, have %q", name, have)
		}
	}
	if have := n.Annotations["trace_url"]; !strings.HasPrefix(have, "https://tempo.example.org/trace/00000000") {
		t.Errorf("want a link to a trace of a failed request, have %q", have)
	}
}

// checkAlertsAPI asks for alerts and rules as Grafana does, in Prometheus's shape.
func checkAlertsAPI(t *testing.T, api v1.API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	alerts, err := api.Alerts(ctx)
	if err != nil {
		t.Fatalf("read the alerts: %v", err)
	}
	firing := 0
	for _, a := range alerts.Alerts {
		if a.Labels["slo"] == "availability" && a.Labels["alertname"] == "SLOErrorBudgetBurn" && a.State == v1.AlertStateFiring {
			firing++
		}
	}
	if firing != 1 {
		t.Errorf("/api/v1/alerts: want 1 firing alert of the objective, have %d in %v", firing, alerts.Alerts)
	}
	rules, err := api.Rules(ctx, nil)
	if err != nil {
		t.Fatalf("read the rules: %v", err)
	}
	if len(rules.Groups) == 0 {
		t.Error("/api/v1/rules: want the objective's rules, have none")
	}
}

// checkBudget waits until the last slot has closed and compares the budgets with
// what the shop has counted: to the event.
func checkBudget(t *testing.T, name string, s *rig.Slowburn, truth rig.Truth) {
	t.Helper()
	if truth.Failed == 0 || truth.Failed == truth.Total {
		t.Fatalf("the shop saw no outage or nothing else: %+v", truth)
	}
	settled := proc.Until(t, 90*time.Second, "the ledger holds what the shop counted", func() error {
		return firstError(
			want(s, t, `slo_events_total{slo="availability"}`, truth.Total),
			want(s, t, `slo_bad_events_total{slo="availability"}`, truth.Failed),
			want(s, t, `slo_events_total{slo="latency"}`, truth.Total),
			want(s, t, `slo_bad_events_total{slo="latency"}`, truth.Slow),
		)
	})
	fmt.Printf("%s: %.0f requests, %.0f failed, %.0f slow: budgets agree, difference 0 (settled in %.1f s)\n",
		name, truth.Total, truth.Failed, truth.Slow, settled.Seconds())

	allowed := (1 - target) * truth.Total
	if err := firstError(
		near(s, t, `slo_error_budget_remaining_events{slo="availability",window="1d"}`, allowed-truth.Failed),
		near(s, t, `slo_error_budget_remaining_ratio{slo="availability",window="1d"}`, 1-truth.Failed/allowed),
		near(s, t, `slo_error_ratio{slo="availability",window="1d"}`, truth.Failed/truth.Total),
	); err != nil {
		t.Error(err)
	}
}

// checkBrokenReload shows that a broken file changes nothing but is seen.
func checkBrokenReload(t *testing.T, s *rig.Slowburn) {
	t.Helper()
	before, err := s.Value(t, `slo_bad_events_total{slo="availability"}`)
	if err != nil {
		t.Fatal(err)
	}
	s.WriteSLO("availability.yml", broken)
	s.Reload()
	proc.Until(t, 5*time.Second, "the refused reload is seen", func() error {
		have, err := s.Metric("slowburn_config_last_reload_successful")
		switch {
		case err != nil:
			return err
		case have != 0:
			return fmt.Errorf("want slowburn_config_last_reload_successful 0, have %g", have)
		case !strings.Contains(s.Log(), "availability.yml:5:"):
			return fmt.Errorf("the log does not name the place of the error, availability.yml:5")
		}
		return nil
	})
	if err := want(s, t, `slo_bad_events_total{slo="availability"}`, before); err != nil {
		t.Errorf("after a refused reload: %v", err)
	}
	s.WriteSLO("availability.yml", availability)
	s.Reload()
	proc.Until(t, 5*time.Second, "the next reload succeeds", func() error {
		have, err := s.Metric("slowburn_config_last_reload_successful")
		if err == nil && have != 1 {
			err = fmt.Errorf("want slowburn_config_last_reload_successful 1, have %g", have)
		}
		return err
	})
	if err := want(s, t, `slo_bad_events_total{slo="availability"}`, before); err != nil {
		t.Errorf("after the reload: %v", err)
	}
}

// want is nil if the query's value is exactly this.
func want(s *rig.Slowburn, t *testing.T, query string, value float64) error {
	have, err := s.Value(t, query)
	if err == nil && have != value {
		err = fmt.Errorf("%s: want %v, have %v", query, value, have)
	}
	return err
}

// near is want but for rounding.
func near(s *rig.Slowburn, t *testing.T, query string, value float64) error {
	have, err := s.Value(t, query)
	if err == nil && math.Abs(have-value) > 1e-9*math.Abs(value) {
		err = fmt.Errorf("%s: want %v, have %v", query, value, have)
	}
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
