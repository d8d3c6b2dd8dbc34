package rules_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// BenchmarkRestore is a start after a crash: a thousand SLOs over ten thousand series
// with two hours in the ledger, with and without the checkpoint. The TSDBs' own WAL
// replay comes on top.
func BenchmarkRestore(b *testing.B) {
	for _, checkpoint := range []bool{true, false} {
		b.Run(fmt.Sprintf("slos=1000/series=10000/checkpoint=%t", checkpoint), func(b *testing.B) {
			r := newRig(b, t0, manyObjectives(1000)...)
			file := filepath.Join(b.TempDir(), "checkpoint")
			if checkpoint {
				r.checkpoint = file
				r.crash()
			}
			feedMany(b, r, 480)
			if err := r.engine.WriteCheckpoint(); err != nil {
				b.Fatal(err)
			}
			feedMany(b, r, 20)
			for b.Loop() {
				r.crash()
			}
		})
	}
}

// feedMany stores and counts so many scrapes of every series of manyObjectives.
func feedMany(b *testing.B, r *rig, scrapes int) {
	b.Helper()
	refs := bindMany(r, 1000, 10)
	lsets := manySeries(1000, 10)
	for range scrapes {
		r.now += 15_000
		ts := r.now - 500
		raw, sink := r.raw.AppenderV2(context.Background()), r.engine.AppenderV2(context.Background())
		for i, ref := range refs {
			v := float64(ts-t0) * float64(i%10%9)
			if _, err := raw.Append(0, lsets[i], 0, ts, v, nil, nil, storage.AppendV2Options{}); err != nil {
				b.Fatal(err)
			}
			_, _ = sink.Append(ref, labels.EmptyLabels(), 0, ts, v, nil, nil, storage.AppendV2Options{})
		}
		if err := raw.Commit(); err != nil {
			b.Fatal(err)
		}
		if err := sink.Commit(); err != nil {
			b.Fatal(err)
		}
		r.tick()
	}
}
