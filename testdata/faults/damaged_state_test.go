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

// TestFault03_ADamagedStateFile: while slowburn is dead and a page fires, state.db rots,
// or is cut short. It starts, sets the file aside and says so. Every event counted before
// is counted still; Alertmanager hears of no end and pages nobody again, and of the end
// when there is one.
func TestFault03_ADamagedStateFile(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, file string){
		"Rotten": func(t *testing.T, file string) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := range b {
				b[i] ^= 0x55
			}
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"CutShort": func(t *testing.T, file string) {
			if err := os.Truncate(file, 5000); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			webhook := rig.NewWebhook(t)
			am := rig.StartAlertmanager(t, webhook.URL)
			s := rig.NewSlowburn(t, rig.FeedConfig(am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
			s.Start()
			s.Ready(20 * time.Second)
			feed := rig.NewFeed(t, s, 110*time.Second)
			play(t, feed, time.Second, 0, 0)
			burn(t, feed)
			saw(t, 20*time.Second, "the page is heard", webhook, 1, 0)
			time.Sleep(2 * time.Second)
			s.Kill()
			damage(t, filepath.Join(s.DataDir(), "state.db"))
			s.Start()
			s.Ready(20 * time.Second)
			if !strings.Contains(s.Log(), "state.db was damaged") {
				t.Error("the log does not say so")
			}
			if aside, _ := filepath.Glob(filepath.Join(s.DataDir(), "state.db.corrupt-*")); len(aside) != 1 {
				t.Errorf("want it set aside, have %v", aside)
			}
			play(t, feed, 16*time.Second, 0, 20)
			proc.Until(t, 20*time.Second, "it fires again, to Alertmanager still", func() error { return s.Fires(t, 1) })
			proc.Always(t, 5*time.Second, "the page stays", func() error { return webhook.Saw(1, 0, rig.FeedPage) })
			heal(t, feed)
			saw(t, 30*time.Second, "its end is heard", webhook, 1, 1)
			began, ended := webhook.Notices("firing", rig.FeedPage)[0], webhook.Notices("resolved", rig.FeedPage)[0]
			if !ended.StartsAt.Equal(began.StartsAt) {
				t.Errorf("want the end of what started at %s, have %s", began.StartsAt, ended.StartsAt)
			}
			// Up to the newest slot that has closed; behind it lie 20 good ones a second.
			acked := feed.Acked()
			closed := acked.At.Add(-grace).Truncate(15 * time.Second)
			want := acked.Good + acked.Bad - 20*acked.At.Sub(closed).Seconds()
			proc.Until(t, 30*time.Second, "every event is counted once", func() error {
				total, err := s.ValueAt(t, `slo_events_total{slo="requests"}`, closed)
				bad, _ := s.ValueAt(t, `slo_bad_events_total{slo="requests"}`, closed)
				if err == nil && (total != want || bad != acked.Bad) {
					err = fmt.Errorf("want %v events, %v bad, have %v, %v bad", want, acked.Bad, total, bad)
				}
				return err
			})
		})
	}
}
