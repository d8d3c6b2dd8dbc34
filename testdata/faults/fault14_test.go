//go:build faults

package faults

import (
	"errors"
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
			way.Set(c.atFirst)
			burn(t, feed)
			proc.Until(t, 10*time.Second, "the alert fires", func() error { return s.Fires(t, 1) })
			proc.Always(t, away(), "nobody can be told", func() error { return webhook.Saw(0, 0, rig.FeedPage) })
			way.Set(proxy.Behaviour{})
			took := proc.Until(t, 15*time.Second, "the page arrives", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
			fmt.Printf("%s: paged %.1f s after Alertmanager was reachable\n", c.name, took.Seconds())

			way.Set(c.atTheEnd)
			heal(t, feed)
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

// gone is how long one is gone that has no page yet: 10 min in the long form.
func gone() time.Duration { return time.Duration(times(10)) * time.Second }

// goOn plays in wall time what a service does meanwhile, until stop is called: a source
// that falls silent is a fault of its own.
func goOn(t *testing.T, feed *rig.Feed, good, bad float64) (stop func()) {
	t.Helper()
	done, played := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-done:
				played <- nil
				return
			default:
			}
			if err := feed.Scrape(time.Second, good, bad); err != nil {
				played <- err
				return
			}
		}
	}()
	return func() {
		t.Helper()
		close(done)
		if err := <-played; err != nil {
			t.Fatal(err)
		}
	}
}

// TestFault14_OneOfTwoAlertmanagers: each hears of everything, whatever becomes of
// the other. They form no cluster, and have a webhook each: clustered, one that was
// told of an alert's end later than the other may page again, since it finds the
// end in the cluster's log and the alert among its own. That is Alertmanager's
// at-least-once, which no sender can mend.
func TestFault14_OneOfTwoAlertmanagers(t *testing.T) {
	t.Parallel()
	webhookA, webhookB := rig.NewWebhook(t), rig.NewWebhook(t)
	a, b := rig.StartAlertmanager(t, webhookA.URL), rig.StartAlertmanager(t, webhookB.URL)
	wayToA, wayToB := proxy.New(t, a.Addr), proxy.New(t, b.Addr)
	s := rig.NewSlowburn(t, rig.FeedConfig(wayToA.Addr(), wayToB.Addr()), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)

	wayToA.Set(proxy.Behaviour{Swallow: true})
	burn(t, feed)
	saw(t, 10*time.Second, "B pages while A is gone", webhookB, 1, 0)
	stop := func() {}
	if *form != "short" {
		stop = goOn(t, feed, 0, 20)
	}
	proc.Always(t, gone(), "A cannot, and B once is enough", func() error {
		return errors.Join(webhookA.Saw(0, 0, rig.FeedPage), webhookB.Saw(1, 0, rig.FeedPage))
	})
	wayToA.Set(proxy.Behaviour{})
	took := saw(t, 15*time.Second, "A pages when it is back", webhookA, 1, 0)
	fmt.Printf("A was gone for %s and paged %.1f s after it was back\n", gone(), took.Seconds())

	wayToB.Set(proxy.Behaviour{Refuse: true})
	stop()
	heal(t, feed)
	saw(t, 20*time.Second, "A hears of the end while B is gone", webhookA, 1, 1)
	if *form != "short" {
		stop = goOn(t, feed, 20, 0)
	}
	proc.Always(t, away(), "B does not", func() error { return webhookB.Saw(1, 0, rig.FeedPage) })
	wayToB.Set(proxy.Behaviour{})
	took = saw(t, 15*time.Second, "B hears of it when it is back", webhookB, 1, 1)
	fmt.Printf("B was gone for %s and resolved %.1f s after it was back\n", away(), took.Seconds())
	proc.Always(t, 3*time.Second, "A hears nothing twice", func() error { return webhookA.Saw(1, 1, rig.FeedPage) })
	if *form != "short" {
		stop()
	}
}

// saw waits until a webhook was told so often of the page and of its end.
func saw(t *testing.T, within time.Duration, what string, w *rig.Webhook, firing, resolved int) time.Duration {
	t.Helper()
	return proc.Until(t, within, what, func() error { return w.Saw(firing, resolved, rig.FeedPage) })
}

// TestFault14_BothAlertmanagersDown: their processes are gone while the page begins.
// Each pages once when it is there again, with nothing of what it knew before.
func TestFault14_BothAlertmanagersDown(t *testing.T) {
	t.Parallel()
	webhookA, webhookB := rig.NewWebhook(t), rig.NewWebhook(t)
	a, b := rig.StartAlertmanager(t, webhookA.URL), rig.StartAlertmanager(t, webhookB.URL)
	s := rig.NewSlowburn(t, rig.FeedConfig(a.Addr, b.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	a.Stop()
	b.Stop()
	burn(t, feed)
	proc.Until(t, 20*time.Second, "the alert fires", func() error { return s.Fires(t, 1) })
	proc.Always(t, away(), "nobody can be told", func() error {
		return errors.Join(webhookA.Saw(0, 0, rig.FeedPage), webhookB.Saw(0, 0, rig.FeedPage))
	})
	a.Start()
	b.Start()
	took := max(saw(t, 15*time.Second, "A pages", webhookA, 1, 0), saw(t, 15*time.Second, "B pages", webhookB, 1, 0))
	fmt.Printf("both were gone for %s and had paged %.1f s after they were ready\n", away(), took.Seconds())
}
