//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// burn plays half a minute in good order and then an outage that pages.
func burn(t *testing.T, feed *rig.Feed) {
	t.Helper()
	play(t, feed, 30*time.Second, 20, 0)
	play(t, feed, 20*time.Second, 0, 20)
}

// heal plays until no window holds the outage any more.
func heal(t *testing.T, feed *rig.Feed) {
	t.Helper()
	play(t, feed, 55*time.Second, 20, 0)
}

func play(t *testing.T, feed *rig.Feed, stretch time.Duration, good, bad float64) {
	t.Helper()
	if err := feed.Play(stretch, good, bad); err != nil {
		t.Fatal(err)
	}
}

// heard waits until a recorder has been told of so many episodes of the page, and of
// so many ends.
func heard(t *testing.T, r *rig.Recorder, firing, resolved int) {
	t.Helper()
	proc.Until(t, 30*time.Second, "the page is sent", func() error { return told(r, firing, resolved) })
}

// told is nil if a recorder has been told of so many episodes of the page and of so
// many ends.
func told(r *rig.Recorder, firing, resolved int) error {
	episodes, ends := map[time.Time]bool{}, map[time.Time]bool{}
	for _, s := range r.Sent(rig.FeedPage) {
		episodes[s.StartsAt] = true
		if s.Resolved() {
			ends[s.StartsAt] = true
		}
	}
	if len(episodes) != firing || len(ends) != resolved {
		return fmt.Errorf("want %d pages and %d ends, have %d and %d", firing, resolved, len(episodes), len(ends))
	}
	return nil
}

// paging starts a slowburn, lets its feed burn, and waits until the page was heard.
func paging(t *testing.T) (*rig.Slowburn, *rig.Feed, *rig.Recorder) {
	t.Helper()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	heard(t, recorder, 1, 0)
	return s, feed, recorder
}
