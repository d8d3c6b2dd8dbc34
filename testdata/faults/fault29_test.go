//go:build faults

package faults

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault29_WhoWatches kills each of the three: somebody pages. The minute form
// waits as long as the shipped files say.
func TestFault29_WhoWatches(t *testing.T) {
	// Slowburn dies: the rules that ship for the Prometheus beside it page.
	t.Run("SlowburnDies", func(t *testing.T) {
		t.Parallel()
		webhook := rig.NewWebhook(t)
		am := rig.StartAlertmanager(t, webhook.URL)
		s := rig.NewSlowburn(t, rig.FeedConfig(am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
		s.Start()
		s.Ready(20 * time.Second)
		p := rig.StartPrometheusWith(t, watching(t, s.Addr, am.Addr))
		down := map[string]string{"alertname": "SlowburnDown", "severity": "page"}
		// Before its first scrape the impatient rules of the short form may have fired.
		proc.Until(t, 30*time.Second, "Prometheus sees slowburn", func() error {
			have, _, _, err := p.API(t).Query(context.Background(), `up{job="slowburn"} == 1`, time.Now())
			if v, is := have.(model.Vector); err == nil && (!is || len(v) != 1) {
				err = fmt.Errorf("have %v", have)
			}
			return err
		})
		before := 0
		proc.Until(t, 30*time.Second, "nobody is awake", func() error {
			before = len(webhook.Notices("firing", down))
			return webhook.Saw(before, before, down)
		})
		s.Kill()
		took := proc.Until(t, 4*time.Minute, "Prometheus pages for slowburn", func() error { return webhook.Saw(before+1, before, down) })
		fmt.Printf("slowburn dead: Prometheus paged after %.0f s\n", took.Seconds())
		s.Start()
		proc.Until(t, time.Minute, "and says when it is back", func() error { return webhook.Saw(before+1, before+1, down) })
	})
	// Alertmanager dies: slowburn's second path pages.
	t.Run("AlertmanagerDies", func(t *testing.T) {
		t.Parallel()
		webhook, second := rig.NewWebhook(t), rig.NewWebhook(t)
		am := rig.StartAlertmanager(t, webhook.URL)
		after := "1m"
		if *form == "short" {
			after = "2s"
		}
		config := rig.FeedConfig(am.Addr) + fmt.Sprintf("  webhook: {url: %q, after: %s}\n", second.URL, after)
		s := rig.NewSlowburn(t, config, map[string]string{"feed.yml": rig.FeedSLO})
		s.Start()
		s.Ready(20 * time.Second)
		am.Kill()
		burn(t, rig.NewFeed(t, s, 110*time.Second))
		took := proc.Until(t, 2*time.Minute, "slowburn pages past Alertmanager", func() error { return second.Saw(1, 0, rig.FeedPage) })
		fmt.Printf("Alertmanager dead: slowburn paged its webhook after %.0f s\n", took.Seconds())
	})
	// Prometheus dies: slowburn says that its source is silent.
	t.Run("PrometheusDies", func(t *testing.T) {
		t.Parallel()
		if *form == "short" {
			t.Skip("a source may be silent for 2 min: TestFault28 of rules has the clock moved")
		}
		webhook := rig.NewWebhook(t)
		am := rig.StartAlertmanager(t, webhook.URL)
		s := rig.NewSlowburn(t, rig.FeedConfig(am.Addr)+everything, map[string]string{"shop.yml": shopSLO})
		s.Start()
		s.Ready(20 * time.Second)
		shop := rig.NewShop(t)
		serve(t, shop, 20)
		p := rig.StartPrometheus(t, rig.RemoteWrite2, shop.Target, s.Addr)
		hears(t, s)
		time.Sleep(20 * time.Second)
		p.Kill()
		took := proc.Until(t, 7*time.Minute, "slowburn tells that its source is silent", func() error {
			return webhook.Saw(1, 0, map[string]string{"alertname": "SLOSourceLagging"})
		})
		fmt.Printf("Prometheus dead: slowburn told of it after %.0f s\n", took.Seconds())
	})
}

// watching are a Prometheus's files that scrape slowburn and judge it by the shipped
// rules; in the short form without patience.
func watching(t *testing.T, slowburn, alertmanager string) map[string]string {
	t.Helper()
	rules, err := os.ReadFile("../../deploy/rules/slowburn.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(rules)
	if *form == "short" {
		for _, patience := range []string{"2m", "5m"} {
			text = strings.ReplaceAll(text, "for: "+patience, "for: 1s")
		}
	}
	return map[string]string{
		"rules.yml": text,
		"prometheus.yml": fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: slowburn
    static_configs:
      - targets: [%q]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [%q]
`, slowburn, alertmanager),
	}
}
