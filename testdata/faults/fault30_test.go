//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault30_TwoSlowburns watch one service and know nothing of each other. Their
// alerts are one to Alertmanager; one is enough when the other is cut off or dead.
func TestFault30_TwoSlowburns(t *testing.T) {
	t.Parallel()
	webhook := rig.NewWebhook(t)
	am := rig.StartAlertmanager(t, webhook.URL)
	var both [2]*rig.Slowburn
	var feeds [2]*rig.Feed
	for i := range both {
		both[i] = rig.NewSlowburn(t, rig.FeedConfig(am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
		both[i].Start()
	}
	for i, s := range both {
		s.Ready(20 * time.Second)
		feeds[i] = rig.NewFeed(t, s, 110*time.Second)
		play(t, feeds[i], 30*time.Second, 20, 0)
	}
	for i := range both {
		play(t, feeds[i], 20*time.Second, 0, 20)
	}
	for i, s := range both {
		proc.Until(t, 20*time.Second, fmt.Sprintf("slowburn %d pages", i), func() error { return s.Fires(t, 1) })
		proc.Until(t, 20*time.Second, fmt.Sprintf("slowburn %d has told Alertmanager", i), func() error {
			return s.Shows(fmt.Sprintf("slowburn_alerts_queue{alertmanager=%q}", "http://"+am.Addr+"/api/v2/alerts"), 0)
		})
	}
	saw(t, 20*time.Second, "one page is heard", webhook, 1, 0)
	if err := am.Holds(1, rig.FeedPage); err != nil {
		t.Errorf("to Alertmanager both are one: %v", err)
	}
	both[1].Kill()
	proc.Always(t, 3*time.Second, "one is left: the page stays", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
	heal(t, feeds[0])
	saw(t, 20*time.Second, "the one that is left ends it", webhook, 1, 1)
}
