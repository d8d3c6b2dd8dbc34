package tsdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/tsdb"
)

// TestFault02_OnlySyncedBytesSurvive loses power at any moment: of the WAL's newest
// segment there is what had been written when it was last synced, and no more. What
// is lost was acknowledged in the last interval of the fsync.
func TestFault02_OnlySyncedBytesSurvive(t *testing.T) {
	const fsync = 5 * time.Second
	for _, lived := range []time.Duration{4 * time.Second, 7 * time.Second, 16500 * time.Millisecond} {
		t.Run(lived.String(), func(t *testing.T) {
			var acked []point
			left := t.TempDir()
			synctest.Test(t, func(t *testing.T) { acked = liveUntilPowerIsLost(t, lived, fsync, left) })
			got := read(t, openRaw(t, left, tsdb.Options{}))[up.String()]
			if len(got) > 0 && !cmp.Equal(acked[:len(got)], got) {
				t.Fatalf("acknowledged %v, there %v", acked, got)
			}
			synced := lived / fsync * fsync
			for _, p := range acked[len(got):] {
				if wrote := time.UnixMilli(p.T).Sub(start); wrote < synced {
					t.Errorf("lost: acknowledged after %s, synced after %s", wrote, synced)
				}
			}
			if len(acked)-len(got) > int(fsync/writeEvery) {
				t.Errorf("%d of %d acknowledged samples are lost", len(acked)-len(got), len(acked))
			}
		})
	}
}

const writeEvery = 100 * time.Millisecond

// liveUntilPowerIsLost acknowledges samples, timed by the test's clock, and puts what
// a power loss leaves of the TSDB into left.
func liveUntilPowerIsLost(t *testing.T, lived, fsync time.Duration, left string) (acked []point) {
	dir, set := t.TempDir(), metrics.NewSet()
	db, err := tsdb.OpenRaw(dir, tsdb.Options{MinFree: -1, WALFsync: fsync, Metrics: set})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- db.Run(ctx) }()
	syncs, seen := set.GetOrCreateCounter(`slowburn_tsdb_wal_syncs_total{db="raw"}`), uint64(0)
	segment := filepath.Join(dir, "wal", "00000000")
	var survives []byte // of the segment
	begin := time.Now()
	time.Sleep(writeEvery / 2) // never at the moment of a sync
	for ; time.Since(begin) < lived; time.Sleep(writeEvery) {
		synctest.Wait()
		if n := syncs.Get(); n > seen {
			seen = n
			if survives, err = os.ReadFile(segment); err != nil {
				t.Fatal(err)
			}
		}
		p := point{start.Add(time.Since(begin)).UnixMilli(), float64(len(acked))}
		if err := write(t, db, up, p); err != nil {
			t.Fatal(err)
		}
		acked = append(acked, p)
	}
	err = errors.Join(
		os.MkdirAll(filepath.Join(left, "wal"), 0o777),
		os.WriteFile(filepath.Join(left, "wal", "00000000"), survives, 0o666),
	)
	cancel()
	if err := errors.Join(err, <-done, db.Close()); err != nil {
		t.Fatal(err)
	}
	return acked
}
