package tsdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/tsdb"
)

var up = labels.FromStrings(labels.MetricName, "up", "job", "a")

func TestSamplesSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	db := openRaw(t, dir, tsdb.Options{})
	ms := start.UnixMilli()
	if err := write(t, db, up, point{ms, 1}, point{ms + 15000, 2}); err != nil {
		t.Fatal(err)
	}
	if err := write(t, db, up, point{ms - 3*3600*1000, 0}); err != nil {
		t.Fatalf("out of order within the window: %v", err)
	}
	want := map[string][]point{up.String(): {{ms - 3*3600*1000, 0}, {ms, 1}, {ms + 15000, 2}}}
	if d := cmp.Diff(want, read(t, db)); d != "" {
		t.Errorf("samples (-want +got):\n%s", d)
	}
	after := openRaw(t, killed(t, dir), tsdb.Options{})
	if d := cmp.Diff(want, read(t, after)); d != "" {
		t.Errorf("samples after a kill (-want +got):\n%s", d)
	}
	if d := after.Damage(); len(d) > 0 {
		t.Errorf("damage after a kill: %v", d)
	}
	if err := write(t, db, up, point{ms - 7*3600*1000, 0}); err == nil {
		t.Error("a sample beyond the out-of-order window was taken")
	}
}

func TestTheLedgerTakesWhatLagsByDays(t *testing.T) {
	db, err := tsdb.OpenLedger(t.TempDir(), tsdb.Options{MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ms := start.UnixMilli()
	day := int64(24 * 3600 * 1000)
	if err := write(t, db, up, point{ms, 1}); err != nil {
		t.Fatal(err)
	}
	if err := write(t, db, labels.FromStrings(labels.MetricName, "lags"), point{ms - 6*day, 1}); err != nil {
		t.Fatal(err)
	}
}

func TestSinceGivesWhatCameAfterAPosition(t *testing.T) {
	dir := t.TempDir()
	db := openRaw(t, dir, tsdb.Options{})
	ms := start.UnixMilli()
	other := labels.FromStrings(labels.MetricName, "other")
	var want []string
	positions := []int64{db.Position()}
	at := []int{0}
	for i := range 50 {
		lset, p := up, point{ms + int64(i)*15000, float64(i)}
		switch {
		case i%7 == 3:
			lset, p.T = other, p.T-3600*1000 // out of order from the second on
		case i == 20:
			lset = labels.FromStrings(labels.MetricName, "born_late")
		}
		if err := write(t, db, lset, p); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(lset, p.T, p.V))
		positions, at = append(positions, db.Position()), append(at, len(want))
	}
	for i := 1; i < len(positions); i++ {
		if positions[i] <= positions[i-1] || int64(float64(positions[i])) != positions[i] {
			t.Fatalf("positions %d, %d: not growing or no float", positions[i-1], positions[i])
		}
	}
	for _, db := range []*tsdb.DB{db, openRaw(t, killed(t, dir), tsdb.Options{})} {
		for i, pos := range positions {
			var got []string
			err := db.Since(pos, func(l labels.Labels, _, ts int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram) error {
				got = append(got, fmt.Sprint(l, ts, v))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want[at[i]:], append([]string{}, got...)); d != "" && len(want[at[i]:])+len(got) > 0 {
				t.Fatalf("since position %d (-want +got):\n%s", i, d)
			}
		}
	}
	stop := errors.New("enough")
	err := db.Since(0, func(labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram) error {
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("want the error of fn, have %v", err)
	}
	if err := db.Since(-1, nil); err == nil {
		t.Error("took -1 for a position")
	}
}

func TestTooManySeriesRefusesOnlyNewOnes(t *testing.T) {
	dir := t.TempDir()
	db := openRaw(t, dir, tsdb.Options{MaxSeries: 2})
	ms := start.UnixMilli()
	for i := range 3 {
		err := write(t, db, labels.FromStrings(labels.MetricName, fmt.Sprint("m", i)), point{ms, 1})
		if want := i == 2; errors.Is(err, tsdb.ErrTooManySeries) != want {
			t.Fatalf("series %d: %v", i, err)
		}
	}
	if err := write(t, db, labels.FromStrings(labels.MetricName, "m0"), point{ms + 1, 1}); err != nil {
		t.Fatal(err)
	}
	// Reading the WAL is not creating series.
	again := openRaw(t, killed(t, dir), tsdb.Options{MaxSeries: 1})
	if got := len(read(t, again)); got != 2 {
		t.Errorf("%d series after a restart with a lower limit, want 2", got)
	}
}

// fillWAL writes n commits of one sample each, and returns the folder as a kill
// leaves it.
func fillWAL(t testing.TB, n int) (dir string, want []point) {
	dir = t.TempDir()
	db := openRaw(t, dir, tsdb.Options{})
	for i := range n {
		p := point{start.UnixMilli() + int64(i)*1000, float64(i)}
		if err := write(t, db, up, p); err != nil {
			t.Fatal(err)
		}
		want = append(want, p)
	}
	return killed(t, dir), want
}

func TestFault03_TheLastRecordTornAtEveryByte(t *testing.T) {
	dir, want := fillWAL(t, 5)
	seg := filepath.Join(dir, "wal", "00000000")
	whole, err := os.ReadFile(seg)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole) - 1; cut > len(whole)-30; cut-- {
		if err := os.WriteFile(seg, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		db := openRaw(t, killed(t, dir), tsdb.Options{})
		got := read(t, db)[up.String()]
		if len(got) > len(want) || len(got) < 3 || !cmp.Equal(want[:len(got)], got) {
			t.Fatalf("cut at %d of %d: %v", cut, len(whole), got)
		}
		for _, d := range db.Damage() {
			if !d.Torn {
				t.Errorf("cut at %d: counted as damage: %+v", cut, d)
			}
		}
		if err := write(t, db, up, point{want[4].T + 1, 7}); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		db.Close()
	}
}

func TestFault03_AFlippedByteCostsOnlyItsRecord(t *testing.T) {
	const commits = 6000 // about six pages
	dir, want := fillWAL(t, commits)
	seg := filepath.Join(dir, "wal", "00000000")
	whole, err := os.ReadFile(seg)
	if err != nil {
		t.Fatal(err)
	}
	perPage := commits * 32 * 1024 / len(whole)
	step := 97 * 331
	if testing.Short() {
		step *= 4
	}
	// The first page names the series; what it loses, all lose.
	for at := 32 * 1024; at < len(whole); at += step {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 0x15
		if err := os.WriteFile(seg, flipped, 0o666); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		set := metrics.NewSet()
		dir := killed(t, dir)
		db := openRaw(t, dir, tsdb.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Metrics: set})
		got := read(t, db)[up.String()]
		if lost := len(want) - len(got); lost < 1 || lost > 2*perPage/100 {
			t.Fatalf("byte %d: %d samples lost, a page holds %d", at, lost, perPage)
		}
		if len(db.Damage()) == 0 || !strings.Contains(log.String(), "samples were lost") {
			t.Errorf("byte %d: not reported: %v", at, db.Damage())
		}
		if n := set.GetOrCreateCounter(`slowburn_tsdb_wal_damaged_bytes_total{db="raw"}`).Get(); n == 0 {
			t.Errorf("byte %d: not counted", at)
		}
		db.Close()
		if again := openRaw(t, dir, tsdb.Options{}); len(again.Damage()) > 0 || !cmp.Equal(got, read(t, again)[up.String()]) {
			t.Fatalf("byte %d: mended twice: %v", at, again.Damage())
		}
	}
}

func TestFault03_ZeroedPagesAndAMissingSegment(t *testing.T) {
	dir, want := fillWAL(t, 6000)
	seg := filepath.Join(dir, "wal", "00000000")
	whole, _ := os.ReadFile(seg)
	clear(whole[2*32*1024 : 4*32*1024])
	os.WriteFile(seg, whole, 0o666)
	// A second life, whose segment is lost, and a third.
	for i := range 2 {
		db := openRaw(t, dir, tsdb.Options{})
		if got := read(t, db)[up.String()]; len(got) < len(want)/4 {
			t.Fatalf("life %d: %d of %d samples", i, len(got), len(want))
		}
		if err := write(t, db, up, point{want[len(want)-1].T + int64(i+1)*1000, -1}); err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
	os.Remove(filepath.Join(dir, "wal", "00000001"))
	db := openRaw(t, dir, tsdb.Options{})
	got := read(t, db)[up.String()]
	if last := got[len(got)-1]; last.V != -1 || last.T != want[len(want)-1].T+2000 {
		t.Errorf("the third life's sample is gone: %v", last)
	}
	if d := db.Damage(); len(d) != 1 || d[0].File != filepath.Join("wal", "00000001") {
		t.Errorf("damage %+v, want the missing segment", d)
	}
}

func TestFault03_ABadBlockIsSetAside(t *testing.T) {
	dir, want := fillWAL(t, 5)
	block := filepath.Join(dir, "01BKGV7JBM69T2G1BGBGM6KB12")
	os.MkdirAll(filepath.Join(block, "chunks"), 0o777)
	os.WriteFile(filepath.Join(block, "meta.json"), []byte(`{"version":1,`), 0o666)
	db := openRaw(t, dir, tsdb.Options{})
	if d := cmp.Diff(want, read(t, db)[up.String()]); d != "" {
		t.Errorf("samples (-want +got):\n%s", d)
	}
	if _, err := os.Stat(block + ".damaged"); err != nil || len(db.Damage()) != 1 {
		t.Errorf("%v, %+v", err, db.Damage())
	}
}

// What answers each write with an error: no room, and an error of the device, since
// nobody's memory begins at 0.
const (
	enospc = "/dev/full"
	eio    = "/proc/self/mem"
)

// breakWAL puts such a file in the place of the WAL's segment below dir.
func breakWAL(t *testing.T, dir, file string) {
	full, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	fds, _ := os.ReadDir("/proc/self/fd")
	n := 0
	for _, e := range fds {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || !strings.HasPrefix(to, filepath.Join(dir, "wal")+"/") {
			continue
		}
		var fd int
		fmt.Sscan(e.Name(), &fd)
		if err := syscall.Dup3(int(full.Fd()), fd, 0); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n == 0 {
		t.Fatal("found no open WAL segment")
	}
}

func TestFault04_BelowTheFloorAppendsAreRefused(t *testing.T) {
	db := openRaw(t, t.TempDir(), tsdb.Options{MinFree: 1 << 60})
	if err := write(t, db, up, point{start.UnixMilli(), 1}); !errors.Is(err, tsdb.ErrDiskLow) {
		t.Errorf("want ErrDiskLow, have %v", err)
	}
	if low, free, floor := db.DiskLow(); !low || free <= 0 || floor != 1<<60 {
		t.Errorf("low %t, free %d, floor %d", low, free, floor)
	}
}

func TestFault02_TheWALIsSynced(t *testing.T) {
	set := metrics.NewSet()
	db := openRaw(t, t.TempDir(), tsdb.Options{WALFsync: time.Millisecond, Metrics: set})
	run(t, db)
	deadline := time.Now().Add(10 * time.Second)
	syncs := set.GetOrCreateCounter(`slowburn_tsdb_wal_syncs_total{db="raw"}`)
	for syncs.Get() == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond) // the disk's time, not ours
	}
	if syncs.Get() == 0 {
		t.Error("the WAL was not synced")
	}
}
