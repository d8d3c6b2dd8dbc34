//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/proxy"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault14_AlertmanagerDown: a page is delivered within 15 s of Alertmanager
// becoming reachable, whatever it did before, once; so is its end.
func TestFault14_AlertmanagerDown(t *testing.T) {
	for _, c := range []struct {
		name              string
		atFirst, atTheEnd proxy.Behaviour
	}{
		{"RefusesThenAnswers500", proxy.Behaviour{Refuse: true}, proxy.Behaviour{Status: 500}},
		{"SwallowsThenCuts", proxy.Behaviour{Swallow: true}, proxy.Behaviour{CutAfter: 200}},
		{"TricklesThenRefuses", proxy.Behaviour{BytesPerSecond: 1}, proxy.Behaviour{Refuse: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			webhook := rig.NewWebhook(t)
			am := rig.StartAlertmanager(t, webhook.URL)
			way := proxy.New(t, am.Addr)
			s := rig.NewSlowburn(t, rig.FeedConfig(way.Addr()), map[string]string{"feed.yml": rig.FeedSLO})
			s.Start()
			s.Ready(20 * time.Second)
			feed := rig.NewFeed(t, s, 110*time.Second)
			play := func(stretch time.Duration, good, bad float64) {
				t.Helper()
				if err := feed.Play(stretch, good, bad); err != nil {
					t.Fatal(err)
				}
			}

			way.Set(c.atFirst)
			play(30*time.Second, 20, 0)
			play(20*time.Second, 0, 20)
			proc.Until(t, 10*time.Second, "the alert fires", func() error { return s.Fires(t, 1) })
			proc.Always(t, away(), "nobody can be told", func() error { return webhook.Saw(0, 0, rig.FeedPage) })
			way.Set(proxy.Behaviour{})
			took := proc.Until(t, 15*time.Second, "the page arrives", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
			fmt.Printf("%s: paged %.1f s after Alertmanager was reachable\n", c.name, took.Seconds())

			way.Set(c.atTheEnd)
			play(55*time.Second, 20, 0)
			proc.Until(t, 20*time.Second, "the alert ends", func() error { return s.Fires(t, 0) })
			proc.Always(t, away(), "nobody can be told the end", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
			way.Set(proxy.Behaviour{})
			took = proc.Until(t, 15*time.Second, "the end arrives", func() error { return webhook.Saw(1, 1, rig.FeedPage) })
			fmt.Printf("%s: resolved %.1f s after Alertmanager was reachable\n", c.name, took.Seconds())
		})
	}
}

// away is how long Alertmanager is gone. Beyond 4 min it would resolve a page it
// has and no longer hears of, by its end time; the end is told here while it has.
func away() time.Duration { return min(time.Duration(times(6))*time.Second, 3*time.Minute) }

// TestFault14_OneOfTwoAlertmanagers: each hears of everything, whatever becomes of
// the other. They form no cluster, and have a webhook each: clustered, one that was
// told of an alert's end later than the other may page again, since it finds the
// end in the cluster's log and the alert among its own. That is Alertmanager's
// at-least-once, which no sender can mend.
func TestFault14_OneOfTwoAlertmanagers(t *testing.T) {
	webhookA, webhookB := rig.NewWebhook(t), rig.NewWebhook(t)
	a, b := rig.StartAlertmanager(t, webhookA.URL), rig.StartAlertmanager(t, webhookB.URL)
	wayToA, wayToB := proxy.New(t, a.Addr), proxy.New(t, b.Addr)
	s := rig.NewSlowburn(t, rig.FeedConfig(wayToA.Addr(), wayToB.Addr()), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play := func(stretch time.Duration, good, bad float64) {
		t.Helper()
		if err := feed.Play(stretch, good, bad); err != nil {
			t.Fatal(err)
		}
	}
	saw := func(within time.Duration, who string, w *rig.Webhook, firing, resolved int) {
		t.Helper()
		proc.Until(t, within, who, func() error { return w.Saw(firing, resolved, rig.FeedPage) })
	}

	wayToA.Set(proxy.Behaviour{Swallow: true})
	play(30*time.Second, 20, 0)
	play(20*time.Second, 0, 20)
	saw(10*time.Second, "B pages while A is gone", webhookB, 1, 0)
	proc.Always(t, away(), "A cannot", func() error { return webhookA.Saw(0, 0, rig.FeedPage) })
	wayToA.Set(proxy.Behaviour{})
	saw(15*time.Second, "A pages when it is back", webhookA, 1, 0)

	wayToB.Set(proxy.Behaviour{Refuse: true})
	play(55*time.Second, 20, 0)
	saw(20*time.Second, "A hears of the end while B is gone", webhookA, 1, 1)
	proc.Always(t, away(), "B does not", func() error { return webhookB.Saw(1, 0, rig.FeedPage) })
	wayToB.Set(proxy.Behaviour{})
	saw(15*time.Second, "B hears of it when it is back", webhookB, 1, 1)
	proc.Always(t, 3*time.Second, "A hears nothing twice", func() error { return webhookA.Saw(1, 1, rig.FeedPage) })
}
