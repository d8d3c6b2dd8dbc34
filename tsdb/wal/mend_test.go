package wal_test

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/tsdb/wal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// written makes a WAL of n records and returns them with the offsets at which they end.
func written(t *rapid.T, dir string, n int) (recs [][]byte, ends []int64) {
	w, err := wlog.NewSize(slog.New(slog.DiscardHandler), nil, filepath.Join(dir, "wal"), wlog.DefaultSegmentSize, compression.Snappy)
	if err != nil {
		t.Fatal(err)
	}
	var enc record.Encoder
	recs = append(recs, enc.Series([]record.RefSeries{{Ref: 1, Labels: labels.FromStrings(labels.MetricName, "up")}}, nil))
	for i := 1; i < n; i++ {
		samples := make([]record.RefSample, rapid.IntRange(1, 3000).Draw(t, "samples"))
		for k := range samples {
			samples[k] = record.RefSample{Ref: 1, T: int64(i*10_000 + k), V: float64(k)}
		}
		recs = append(recs, enc.Samples(samples, nil))
	}
	var end wal.End
	for _, rec := range recs {
		if err := w.Log(rec); err != nil {
			t.Fatal(err)
		}
		if err := end.Of(dir); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end.Position())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return recs, ends
}

// kept are the records that upstream reads, fillers left out.
func kept(t *rapid.T, dir string) (recs [][]byte) {
	r, err := wlog.NewSegmentsReader(filepath.Join(dir, "wal"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rd := wlog.NewReader(r)
	for rd.Next() {
		if rec := rd.Record(); len(bytes.Trim(rec, "\x00")) > 0 {
			recs = append(recs, bytes.Clone(rec))
		}
	}
	if err := rd.Err(); err != nil && err != io.EOF {
		t.Fatalf("upstream cannot read a mended WAL: %v", err)
	}
	return recs
}

// TestFault03_MendLosesOnlyWhatIsTouched damages stretches of a WAL at random: upstream
// then reads it to its end, and finds every record that no stretch touched; of the
// others it may find some, but nothing that was not written.
func TestFault03_MendLosesOnlyWhatIsTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "wal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		recs, ends := written(t, dir, rapid.IntRange(2, 30).Draw(t, "records"))
		seg := wlog.SegmentName(filepath.Join(dir, "wal"), 0)
		raw, err := os.ReadFile(seg)
		if err != nil {
			t.Fatal(err)
		}
		touched := make([]bool, len(recs))
		for range rapid.IntRange(1, 4).Draw(t, "stretches") {
			from := rapid.IntRange(0, len(raw)-1).Draw(t, "from")
			to := min(len(raw), from+rapid.SampledFrom([]int{1, 1, 7, 300, 40_000}).Draw(t, "bytes"))
			by := rapid.Byte().Draw(t, "by")
			for i := range raw[from:to] {
				raw[from+i] ^= by
			}
			// The page that a stretch lies in may lose all behind it: its lengths are a chain.
			for i, begin := 0, int64(0); i < len(recs); i, begin = i+1, ends[i] {
				pageEnd := (int64(to)/32768 + 1) * 32768
				touched[i] = touched[i] || ends[i] > int64(from) && begin < pageEnd
			}
		}
		if err := os.WriteFile(seg, raw, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := wal.Mend(dir); err != nil {
			t.Fatal(err)
		}
		have := kept(t, dir)
		next := 0
		for _, rec := range have {
			for next < len(recs) && !bytes.Equal(recs[next], rec) {
				if !touched[next] {
					t.Fatalf("record %d of %d, which nothing touched, is gone", next, len(recs))
				}
				next++
			}
			if next == len(recs) {
				t.Fatalf("%d bytes read that nobody wrote, or not in that order", len(rec))
			}
			next++
		}
		for ; next < len(recs); next++ {
			if !touched[next] {
				t.Fatalf("record %d of %d, which nothing touched, is gone", next, len(recs))
			}
		}
		// What was mended needs no mending.
		if found, err := wal.Mend(dir); err != nil || len(found) > 0 {
			t.Fatalf("mended twice: %v, %v", found, err)
		}
	})
}

// TestPositionsTellCommitsApart: each grows, and fits the float64 that stores it.
func TestPositionsTellCommitsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "wal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if p := wal.PositionAt(dir); p != 0 {
			t.Fatalf("want 0 where nothing is, have %d", p)
		}
		_, ends := written(t, dir, rapid.IntRange(2, 10).Draw(t, "records"))
		for i, p := range ends {
			if i > 0 && p <= ends[i-1] || int64(float64(p)) != p {
				t.Fatalf("position %d after %v", p, ends[:i])
			}
		}
		// Closing fills the last page up.
		if p := wal.PositionAt(dir); p < ends[len(ends)-1] || p%32768 != 0 {
			t.Fatalf("want the end of the page behind %d, have %d", ends[len(ends)-1], p)
		}
	})
}
