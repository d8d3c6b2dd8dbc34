//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault14_AlertmanagersByDNS: a name's SRV records are asked each second. While a page
// fires Alertmanagers appear there, disappear and reappear; one that appears is told within
// 15 s what fires, or that it has ended if it knew the begin. A name server that fails
// takes nobody away.
func TestFault14_AlertmanagersByDNS(t *testing.T) {
	t.Parallel()
	names := rig.NewDNS(t)
	webhookA, webhookB := rig.NewWebhook(t), rig.NewWebhook(t)
	a, b := rig.StartAlertmanager(t, webhookA.URL), rig.StartAlertmanager(t, webhookB.URL)
	const static = "- static_configs:\n        - targets: []\n"
	byName := fmt.Sprintf("- dns_sd_configs:\n        - {names: [%s], refresh_interval: 1s}\n", rig.AlertmanagersName)
	config := strings.Replace(rig.FeedConfig(), static, byName, 1)
	if !strings.Contains(config, byName) {
		t.Fatalf("want it by name:\n%s", config)
	}
	s := rig.NewSlowburn(t, config, map[string]string{"feed.yml": rig.FeedSLO})
	s.StartResolving(names)
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	proc.Until(t, 20*time.Second, "the alert fires", func() error { return s.Fires(t, 1) })
	known := func(want ...*rig.Alertmanager) func() error {
		return func() error { return knows(t, s, want) }
	}
	proc.Until(t, 5*time.Second, "there is nobody to tell", known())

	names.Know(a)
	took := saw(t, 15*time.Second, "A appears and is told", webhookA, 1, 0)
	names.Know(a, b)
	took = max(took, saw(t, 15*time.Second, "B appears and is told", webhookB, 1, 0))

	names.Break(true)
	proc.Always(t, 4*time.Second, "no name server, the same Alertmanagers", known(a, b))
	names.Break(false)

	names.Know(b)
	proc.Until(t, 15*time.Second, "A disappears", known(b))
	heal(t, feed)
	took = max(took, saw(t, 15*time.Second, "B is told the end", webhookB, 1, 1))
	if err := webhookA.Saw(1, 0, rig.FeedPage); err != nil {
		t.Errorf("A is away: %v", err)
	}
	names.Know(b, a)
	took = max(took, saw(t, 15*time.Second, "A reappears and is told the end", webhookA, 1, 1))
	proc.Always(t, 3*time.Second, "nothing is told twice", func() error {
		return errors.Join(webhookA.Saw(1, 1, rig.FeedPage), webhookB.Saw(1, 1, rig.FeedPage))
	})
	fmt.Printf("each that appeared was told within %.1f s\n", took.Seconds())
}

// knows is nil if slowburn sends to these Alertmanagers alone.
func knows(t *testing.T, s *rig.Slowburn, want []*rig.Alertmanager) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	have, err := s.API(t).AlertManagers(ctx)
	if err != nil {
		return err
	}
	for _, am := range want {
		_, port, _ := net.SplitHostPort(am.Addr)
		if !slices.ContainsFunc(have.Active, func(one v1.AlertManager) bool { return strings.Contains(one.URL, ":"+port+"/") }) {
			return fmt.Errorf("want the one at %s, have %v", am.Addr, have.Active)
		}
	}
	if len(have.Active) != len(want) {
		return fmt.Errorf("want %d, have %v", len(want), have.Active)
	}
	return nil
}
