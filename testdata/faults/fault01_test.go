//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault01_KillUnderIngest: every sample answered 2xx survives kill -9, and the
// budget counts each event once.
func TestFault01_KillUnderIngest(t *testing.T) {
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	if err := feed.Scrape(time.Second, 0, 0); err != nil {
		t.Fatal(err)
	}

	stop, played := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				played <- nil
				return
			default:
			}
			if err := feed.Scrape(20*time.Millisecond, 7, 0); err != nil {
				played <- err
				return
			}
		}
	}()
	kills := times(4)
	for range kills {
		time.Sleep(soon(700 * time.Millisecond))
		s.Kill()
		acked := feed.Acked()
		s.Start()
		s.Ready(20 * time.Second)
		proc.Until(t, 10*time.Second, "the acknowledged sample is there", func() error {
			have, err := s.ValueAt(t, `feed_requests_total{code="200"}`, acked.At)
			if err == nil && have != acked.Good {
				t.Fatalf("acknowledged %v at %s, after kill -9 have %v", acked.Good, acked.At, have)
			}
			return err
		})
	}
	close(stop)
	if err := <-played; err != nil {
		t.Fatal(err)
	}

	// What closes the last slot with events.
	if err := feed.Play(30*time.Second, 0, 0); err != nil {
		t.Fatal(err)
	}
	acked := feed.Acked()
	proc.Until(t, 90*time.Second, "the ledger holds every acknowledged event once", func() error {
		total, err := s.Value(t, `slo_events_total{slo="requests"}`)
		bad, _ := s.Value(t, `slo_bad_events_total{slo="requests"}`)
		if err == nil && (total != acked.Good || bad != 0) {
			err = fmt.Errorf("want %v events, 0 bad, have %v, %v bad", acked.Good, total, bad)
		}
		return err
	})
	fmt.Printf("%d kills, %.0f events acknowledged, all counted once\n", kills, acked.Good)
}
