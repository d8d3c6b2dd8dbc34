package tsdb_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slowburn/slowburn/tsdb"
)

func TestFault04_AFailedWriteLosesNothingAcknowledged(t *testing.T) {
	for file, want := range map[string]error{enospc: syscall.ENOSPC, eio: syscall.EIO} {
		t.Run(want.Error(), func(t *testing.T) { failedWrite(t, file, want) })
	}
}

func failedWrite(t *testing.T, file string, want error) {
	dir := t.TempDir()
	set := metrics.NewSet()
	reg := prometheus.NewRegistry()
	db := openRaw(t, dir, tsdb.Options{Metrics: set, Registerer: reg})
	ms := start.UnixMilli()
	var acked []point
	for i := range 100 {
		p := point{ms + int64(i)*1000, float64(i)}
		if i == 50 {
			breakWAL(t, dir, file)
		}
		if err := write(t, db, up, p); err == nil {
			acked = append(acked, p)
		} else if !errors.Is(err, tsdb.ErrWALFailed) {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if err := db.Writable(); !errors.Is(err, want) {
		t.Fatalf("why nothing is taken: want %v, have %v", want, err)
	}
	if len(acked) != 50 {
		t.Fatalf("%d writes acknowledged, want the 50 before the disk was full", len(acked))
	}
	if err := db.Writable(); !errors.Is(err, tsdb.ErrWALFailed) {
		t.Errorf("writable: %v", err)
	}
	if d := cmp.Diff(acked, read(t, db)[up.String()]); d != "" {
		t.Errorf("still readable (-want +got):\n%s", d)
	}
	run(t, db)
	deadline := time.Now().Add(10 * time.Second)
	for db.Writable() != nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond) // opening files has no event to wait for
	}
	p := point{ms + 200_000, 200}
	if err := write(t, db, up, p); err != nil {
		t.Fatalf("after recovery: %v", err)
	}
	acked = append(acked, p)
	if d := cmp.Diff(acked, read(t, openRaw(t, killed(t, dir), tsdb.Options{}))[up.String()]); d != "" {
		t.Errorf("after a restart (-want +got):\n%s", d)
	}
	for _, name := range []string{"wal_failures_total", "reopened_total"} {
		if n := set.GetOrCreateCounter("slowburn_tsdb_" + name + `{db="raw"}`).Get(); n != 1 {
			t.Errorf("%s is %d, want 1", name, n)
		}
	}
	if _, err := reg.Gather(); err != nil {
		t.Errorf("the TSDB's metrics after it was opened again: %v", err)
	}
}

// TestFault04_AReadOnlyDisk is what Linux makes of a file system after an error of
// its device: the write fails, and nothing can be opened for writing until somebody
// mounts it anew. It needs the right to mount.
func TestFault04_AReadOnlyDisk(t *testing.T) {
	dir, set := t.TempDir(), metrics.NewSet()
	var log lockedLog
	db := openRaw(t, dir, tsdb.Options{Metrics: set, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	run(t, db)
	acked := []point{{ms, 1}, {ms + 1000, 2}}
	if err := write(t, db, up, acked...); err != nil {
		t.Fatal(err)
	}
	thaw := readOnly(t, dir)
	breakWAL(t, dir, eio)
	failures := set.GetOrCreateCounter(`slowburn_tsdb_reopen_failures_total{db="raw"}`)
	deadline := time.Now().Add(30 * time.Second)
	for failures.Get() < 2 {
		if err := write(t, db, up, point{ms + 2000, 3}); !errors.Is(err, tsdb.ErrWALFailed) {
			t.Fatalf("on a read-only disk: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the WAL was not tried again")
		}
		time.Sleep(5 * time.Millisecond) // the disk's time
	}
	if !strings.Contains(log.String(), syscall.EROFS.Error()) {
		t.Errorf("the log does not say why:\n%s", log.String())
	}
	if d := cmp.Diff(acked, read(t, db)[up.String()]); d != "" {
		t.Errorf("readable meanwhile (-want +got):\n%s", d)
	}
	thaw()
	for db.Writable() != nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	acked = append(acked, point{ms + 3000, 4})
	if err := write(t, db, up, acked[2]); err != nil {
		t.Fatalf("writable again: %v", err)
	}
	if d := cmp.Diff(acked, read(t, openRaw(t, killed(t, dir), tsdb.Options{}))[up.String()]); d != "" {
		t.Errorf("after a restart (-want +got):\n%s", d)
	}
}

// readOnly makes dir read-only for whoever opens a file from now on, until thaw.
func readOnly(t *testing.T, dir string) (thaw func()) {
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("mount:", err)
	}
	unmount := func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }
	t.Cleanup(unmount)
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("mount read-only:", err)
	}
	return unmount
}

// lockedLog is read while it is written to.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
