//go:build faults

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault04_FullDiskUnderState: the disk that holds state.db, and nothing else, is full
// before 200 budgets burn at once. All page; that none of it is saved is told. Once there
// is room it is saved, and a kill -9 later all go on, with the starts they had.
func TestFault04_FullDiskUnderState(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("NOT TESTED: mounting a tmpfs needs root on Linux:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })

	const budgets = 200
	objectives, head := strings.Builder{}, sloHead
	for i := range budgets {
		objectives.WriteString(strings.Replace(strings.TrimPrefix(rig.FeedSLO, head), "name: requests", fmt.Sprintf("name: requests%d", i), 1))
	}
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": head + objectives.String()})
	if err := os.MkdirAll(s.DataDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(disk, "state.db"), filepath.Join(s.DataDir(), "state.db")); err != nil {
		t.Fatal(err)
	}
	s.Start()
	s.Ready(30 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play(t, feed, 30*time.Second, 20, 0)
	ballast := fillUp(t, disk)
	play(t, feed, 20*time.Second, 0, 20)

	page := map[string]string{"alertname": "SLOErrorBudgetBurn", "severity": "page"}
	starts := func() map[string]time.Time {
		have := map[string]time.Time{}
		for _, sent := range recorder.Sent(page) {
			if before, known := have[sent.Labels["slo"]]; known && !before.Equal(sent.StartsAt) {
				t.Errorf("%s has begun at %s and at %s", sent.Labels["slo"], before, sent.StartsAt)
			}
			have[sent.Labels["slo"]] = sent.StartsAt
			if sent.Resolved() {
				t.Errorf("%s is told to have ended", sent.Labels["slo"])
			}
		}
		return have
	}
	proc.Until(t, 30*time.Second, "all page", func() error {
		if have := len(starts()); have != budgets {
			return fmt.Errorf("want %d, have %d", budgets, have)
		}
		return nil
	})
	unsaved := map[string]string{"alertname": "SLOAlertStateUnsaved"}
	told := func(ended bool) func() error {
		return func() error {
			sent := recorder.Sent(unsaved)
			if len(sent) == 0 || sent[len(sent)-1].Resolved() != ended {
				return fmt.Errorf("want it told, ended: %t, have %v", ended, sent)
			}
			return nil
		}
	}
	proc.Until(t, time.Minute, "that nothing is saved is told", told(false))
	if !strings.Contains(s.Log(), "no space left on device") {
		t.Error("the log does not say why")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	proc.Until(t, time.Minute, "it is saved again", told(true))
	time.Sleep(3 * time.Second) // what was heard is saved within a second
	s.Kill()
	before := len(recorder.Sent(page))
	s.Start()
	s.Ready(30 * time.Second)
	proc.Until(t, 30*time.Second, "all go on", func() error {
		if have := len(recorder.Sent(page)) - before; have < budgets {
			return fmt.Errorf("want %d, have %d", budgets, have)
		}
		return nil
	})
	if have := len(starts()); have != budgets {
		t.Errorf("want %d pages, have %d", budgets, have)
	}
}

// fillUp leaves no byte of a disk, and returns what to remove.
func fillUp(t *testing.T, dir string) (ballast string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := f.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
	return f.Name()
}
