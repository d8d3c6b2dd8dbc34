//go:build faults

package faults

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// fixtures are data folders as earlier versions left them when they were killed while
// a page fired, each with what was in it.
const fixtures = "testdata/data"

// grace is how long after its end a slot closes (DESIGN.md §4).
const grace = 10 * time.Second

// left is what was known of a data folder when it was left behind.
type left struct {
	Acked    rig.Acked
	StartsAt time.Time // of the page
}

// TestFault32_OldData opens them: every event is counted as it was, and the page goes on.
// UPDATE_FIXTURE=v0.2 leaves another behind, of this version.
func TestFault32_OldData(t *testing.T) {
	if name := os.Getenv("UPDATE_FIXTURE"); name != "" {
		leave(t, filepath.Join(fixtures, name+".zip"))
	}
	files, err := filepath.Glob(filepath.Join(fixtures, "*.zip"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want data folders in %s, have %v, %v", fixtures, files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".zip"), func(t *testing.T) {
			t.Parallel()
			recorder := rig.NewRecorder(t)
			s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
			want := unpack(t, file, s.DataDir())
			s.Start()
			s.Ready(30 * time.Second)
			proc.Until(t, 30*time.Second, "the page goes on", func() error {
				sent := recorder.Sent(rig.FeedPage)
				if len(sent) == 0 || !sent[0].StartsAt.Equal(want.StartsAt) {
					return fmt.Errorf("want it since %s, have %v", want.StartsAt, sent)
				}
				return nil
			})
			// The newest slot that had closed; in each second from the outage on, 20 failed.
			closed := want.Acked.At.Add(-grace).Truncate(15 * time.Second)
			open := 20 * want.Acked.At.Sub(closed).Seconds()
			proc.Until(t, 30*time.Second, "every event is counted", func() error {
				total, err := s.ValueAt(t, `slo_events_total{slo="requests"}`, closed)
				bad, _ := s.ValueAt(t, `slo_bad_events_total{slo="requests"}`, closed)
				if wantBad := want.Acked.Bad - open; err == nil && (total != want.Acked.Good+wantBad || bad != wantBad) {
					err = fmt.Errorf("want %g of %g bad, have %g of %g", wantBad, want.Acked.Good+wantBad, bad, total)
				}
				return err
			})
		})
	}
}

// TestFault32_NewerDataIsNotTouched: a file that a newer version wrote ends the start,
// and every byte of the folder stays as it is.
func TestFault32_NewerDataIsNotTouched(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(fixtures, "*.zip"))
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	unpack(t, files[0], s.DataDir())
	db, err := bolt.Open(filepath.Join(s.DataDir(), "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), binary.BigEndian.AppendUint64(nil, 999))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := sums(t, s.DataDir())
	out, err := s.Run("serve", "--config.file=slowburn.yml", "--storage.tsdb.path=data", "--web.listen-address="+s.Addr)
	if err == nil || !strings.Contains(out, "newer slowburn") {
		t.Errorf("want it refused, have %v and\n%s", err, out)
	}
	if d := cmp.Diff(before, sums(t, s.DataDir())); d != "" {
		t.Errorf("want nothing touched:\n%s", d)
	}
}

// sums are the checksums of all files below a folder.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// leave makes a fixture: kill -9 while a page fires.
func leave(t *testing.T, file string) {
	t.Helper()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	if err := feed.Scrape(time.Second, 0, 0); err != nil {
		t.Fatal(err)
	}
	burn(t, feed)
	play(t, feed, 30*time.Second, 0, 20)
	heard(t, recorder, 1, 0)
	// What it has heard is saved within a second.
	time.Sleep(3 * time.Second)
	s.Kill()
	what, err := json.Marshal(left{feed.Acked(), recorder.Sent(rig.FeedPage)[0].StartsAt})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.DataDir(), "left.json"), what, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	if err := z.AddFS(os.DirFS(s.DataDir())); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// unpack puts a fixture into a data folder.
func unpack(t *testing.T, file, dir string) left {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	// CopyFS takes files over with their modes, of which the zip says nothing.
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "left.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "left.json")); err != nil {
		t.Fatal(err)
	}
	var l left
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatal(err)
	}
	return l
}
