//go:build faults

package faults

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestRefusedAlerts: Alertmanager takes no names beyond ASCII. Of two pages that fire at
// once one is given such a label and refused: that is told, it takes the second path, and
// it arrives once the label is gone. The other arrives as if nothing were.
func TestRefusedAlerts(t *testing.T) {
	t.Parallel()
	webhook, second := rig.NewWebhook(t), rig.NewWebhook(t)
	am := rig.StartAlertmanagerWith(t, rig.PagerConfig(webhook.URL), "--enable-feature=classic-mode")
	good := rig.FeedConfig(am.Addr) + fmt.Sprintf("  webhook: {url: %q, after: 2s}\n", second.URL)
	s := rig.NewSlowburn(t, good+"  alert_relabel_configs: [{source_labels: [slo], regex: labelled, target_label: 'größe', replacement: x}]\n", map[string]string{
		"feed.yml":     rig.FeedSLO,
		"labelled.yml": strings.Replace(rig.FeedSLO, "name: requests", "name: labelled", 1),
	})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	of := func(objective string) map[string]string {
		page := maps.Clone(rig.FeedPage)
		page["slo"] = objective
		return page
	}
	told := func(w *rig.Webhook, what string, firing, resolved int, match map[string]string) {
		t.Helper()
		proc.Until(t, 30*time.Second, what, func() error { return w.Saw(firing, resolved, match) })
	}
	told(webhook, "the good one arrives", 1, 0, of("requests"))
	refused := map[string]string{"alertname": "SLOAlertRefused", "severity": "page"}
	told(webhook, "that one is refused is told", 1, 0, refused)
	told(second, "it takes the second path", 1, 0, of("labelled"))
	if err := webhook.Saw(0, 0, of("labelled")); err != nil {
		t.Error(err)
	}
	s.WriteConfig(good)
	s.Reload()
	told(webhook, "it arrives without the label", 1, 0, of("labelled"))
	told(webhook, "nothing is refused any more", 1, 1, refused)
	heal(t, feed)
	for _, objective := range []string{"requests", "labelled"} {
		told(webhook, objective+" ends", 1, 1, of(objective))
	}
	told(second, "it ends where it was told", 1, 1, of("labelled"))
}
