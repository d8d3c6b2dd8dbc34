//go:build faults

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault03_ADamagedWALIsUnobserved: after a kill -9 a stretch of the raw WAL's
// newest part has rotted. slowburn starts and says so, in its log and in a metric; the scrapes lost
// lower the coverage; and no event is counted twice or as good for want of its samples.
func TestFault03_ADamagedWALIsUnobserved(t *testing.T) {
	t.Parallel()
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	// The newest scrape comes 12 s after a slot's end, so that slot is closed, and what
	// rots lies on both sides of its end.
	const played, after = 51 * time.Second, 12 * time.Second
	newest := time.Now().Add(-60 * time.Second).Truncate(15 * time.Second).Add(after)
	feed := rig.NewFeed(t, s, time.Since(newest)+played)
	play(t, feed, time.Second, 0, 0)
	play(t, feed, played-time.Second, 20, 1)
	proc.Until(t, 30*time.Second, "the slot is closed", func() error {
		total, err := s.Value(t, `slo_events_total{slo="requests"}`)
		if want := feed.Acked().Good + feed.Acked().Bad - 21*after.Seconds(); err == nil && total != want {
			err = fmt.Errorf("want %v events, have %v", want, total)
		}
		return err
	})
	s.Kill()
	rot(t, filepath.Join(s.DataDir(), "raw", "wal", "00000000"))
	s.Start()
	s.Ready(20 * time.Second)
	if damaged, err := s.Metric(`slowburn_tsdb_wal_damaged_bytes_total{db="raw"}`); err != nil || damaged == 0 {
		t.Errorf("damaged bytes: %v, %v", damaged, err)
	}
	if lost, err := s.Metric("slowburn_engine_scrapes_lost_total"); err != nil || lost == 0 {
		t.Errorf("scrapes that ledgers had counted: %v, %v", lost, err)
	}
	if !strings.Contains(s.Log(), "samples were lost") {
		t.Error("the log does not say that samples were lost")
	}

	play(t, feed, 50*time.Second, 20, 1)
	acked := feed.Acked()
	proc.Until(t, 90*time.Second, "every event is counted once", func() error {
		total, err := s.Value(t, `slo_events_total{slo="requests"}`)
		bad, _ := s.Value(t, `slo_bad_events_total{slo="requests"}`)
		if err == nil && (total != acked.Good+acked.Bad || bad != acked.Bad) {
			err = fmt.Errorf("want %v events, %v bad, have %v, %v bad", acked.Good+acked.Bad, acked.Bad, total, bad)
		}
		return err
	})
	missing, err := s.Value(t, `slo_scrapes_expected_total{slo="requests"} - slo_scrapes_observed_total{slo="requests"}`)
	if err != nil || missing < 5 {
		t.Errorf("scrapes that are not observed: %v, %v", missing, err)
	}
	coverage, err := s.Value(t, `slo_window_coverage_ratio{slo="requests",window="1d"}`)
	if err != nil || coverage <= 0 || coverage >= 1 {
		t.Errorf("coverage of the window: %v, %v", coverage, err)
	}
	fmt.Printf("%v scrapes unobserved, coverage of 1 d %.3f, every event counted once\n", missing, coverage)
}

// rot overwrites the last fifth of a file but one.
func rot(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) * 3 / 5; i < len(b)*4/5; i++ {
		b[i] ^= 0x55
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
