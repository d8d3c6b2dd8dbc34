//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault16_RestartWhileFiring: kill -9 at random moments before, while and
// after an alert fires makes no second page, no false end, and keeps its start.
func TestFault16_RestartWhileFiring(t *testing.T) {
	webhook := rig.NewWebhook(t)
	am := rig.StartAlertmanager(t, webhook.URL)
	s := rig.NewSlowburn(t, rig.FeedConfig(am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	// scrapes goes on at a pace at which there is something to interrupt, over at
	// least the given stretch of event time.
	scrapes := func(stretch time.Duration, good, bad float64) func(stop <-chan struct{}) error {
		return func(stop <-chan struct{}) error {
			for n := 0; ; n++ {
				select {
				case <-stop:
					if n >= int(stretch/time.Second) {
						return nil
					}
				case <-time.After(100 * time.Millisecond):
				}
				if err := feed.Scrape(time.Second, good, bad); err != nil {
					return err
				}
			}
		}
	}

	if err := feed.Play(30*time.Second, 20, 0); err != nil {
		t.Fatal(err)
	}
	restartWhile(t, s, times(3), scrapes(15*time.Second, 0, 20))
	proc.Until(t, 30*time.Second, "the page arrives", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
	restartWhile(t, s, times(3), scrapes(0, 0, 20))
	restartWhile(t, s, times(3), scrapes(55*time.Second, 20, 0))
	proc.Until(t, 30*time.Second, "the end arrives", func() error { return webhook.Saw(1, 1, rig.FeedPage) })

	began, ended := webhook.Notices("firing", rig.FeedPage)[0], webhook.Notices("resolved", rig.FeedPage)[0]
	if !ended.StartsAt.Equal(began.StartsAt) {
		t.Errorf("want the end of what started at %s, have %s", began.StartsAt, ended.StartsAt)
	}
	fmt.Printf("%d restarts: 1 firing, 1 resolved, startsAt kept\n", 9*forms[*form])
}
