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
	p := pairPaging(t)
	p.both[1].Kill()
	proc.Always(t, 3*time.Second, "one is left: the page stays", func() error { return p.webhook.Saw(1, 0, rig.FeedPage) })
	heal(t, p.feeds[0])
	saw(t, 20*time.Second, "the one that is left ends it", p.webhook, 1, 1)
}

// TestFault30_OneGoesBlind: the feed of one dies while both page. It holds its page and
// cannot know whether it is over. The one that sees has the last word, whichever it is:
// nothing ends the page while it burns, nothing brings it back when it does not.
func TestFault30_OneGoesBlind(t *testing.T) {
	t.Parallel()
	if *form == "short" {
		t.Skip("a source may be silent for a minute: TestFault30 of alerting and rules have the clock moved")
	}
	missing := map[string]string{"alertname": "SLODataMissing"}
	for name, wait := range map[string]struct {
		hold time.Duration // how long it burns on once the blind one holds
		told int           // of SLODataMissing
	}{"ThePageEnds": {0, 0}, "ThePageGoesOn": {20 * time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if wait.hold > 0 && *form != "long" {
				t.Skip("a page is held for 15 min")
			}
			p := pairPaging(t)
			stop := goOn(t, p.feeds[0], 0, 20)
			proc.Until(t, 3*time.Minute, "the blind one has told until when it holds", func() error {
				return p.am.Keeps(10*time.Minute, rig.FeedPage)
			})
			proc.Always(t, wait.hold, "the page stays", func() error { return p.webhook.Saw(1, 0, rig.FeedPage) })
			if err := p.webhook.Saw(wait.told, 0, missing); err != nil {
				t.Errorf("SLODataMissing of the blind one: %v", err)
			}
			stop()
			heal(t, p.feeds[0])
			saw(t, 20*time.Second, "the one that sees ends it", p.webhook, 1, 1)
			stop = goOn(t, p.feeds[0], 20, 0)
			proc.Always(t, 130*time.Second, "and it stays ended for two resends", func() error { return p.webhook.Saw(1, 1, rig.FeedPage) })
			stop()
		})
	}
}

// pair are two slowburns with a feed each and one Alertmanager.
type pair struct {
	webhook *rig.Webhook
	am      *rig.Alertmanager
	both    [2]*rig.Slowburn
	feeds   [2]*rig.Feed
}

// pairPaging starts them and waits until both have paged, and one page was heard.
func pairPaging(t *testing.T) *pair {
	t.Helper()
	p := &pair{webhook: rig.NewWebhook(t)}
	p.am = rig.StartAlertmanager(t, p.webhook.URL)
	for i := range p.both {
		p.both[i] = rig.NewSlowburn(t, rig.FeedConfig(p.am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
		p.both[i].Start()
	}
	for i, s := range p.both {
		s.Ready(20 * time.Second)
		p.feeds[i] = rig.NewFeed(t, s, 110*time.Second)
		play(t, p.feeds[i], 30*time.Second, 20, 0)
	}
	for i := range p.both {
		play(t, p.feeds[i], 20*time.Second, 0, 20)
	}
	for i, s := range p.both {
		proc.Until(t, 20*time.Second, fmt.Sprintf("slowburn %d pages", i), func() error { return s.Fires(t, 1) })
		proc.Until(t, 20*time.Second, fmt.Sprintf("slowburn %d has told Alertmanager", i), func() error {
			return s.Shows(fmt.Sprintf("slowburn_alerts_queue{alertmanager=%q}", "http://"+p.am.Addr+"/api/v2/alerts"), 0)
		})
	}
	saw(t, 20*time.Second, "one page is heard", p.webhook, 1, 0)
	if err := p.am.Holds(1, rig.FeedPage); err != nil {
		t.Errorf("to Alertmanager both are one: %v", err)
	}
	return p
}
