package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
)

// figures are what a status says in numbers.
func figures(all []slo.Status) map[string]string {
	out := map[string]string{}
	for _, s := range all {
		out[s.Labels.String()] = fmt.Sprintf("%d %s %+v %+v", s.TS, s.State, s.Windows, s.Pairs)
	}
	return out
}

// TestCheckpoint starts from a checkpoint, from an older one, from a damaged one and
// from none: every figure is the same.
func TestCheckpoint(t *testing.T) {
	r := newRig(t, t0, availability(0.999, "instance"))
	file := filepath.Join(t.TempDir(), "checkpoint")
	r.checkpoint = file
	r.crash()
	v, ts := 0.0, t0
	feed := func(steps int) {
		for range steps {
			ts += 15000
			v += 7
			r.now = ts + 500
			r.send(
				arrival{lset: requests("200", "i1"), t: ts, v: v}, arrival{lset: requests("500", "i1"), t: ts, v: float64(int(v) / 100)},
				arrival{lset: requests("200", "i2"), t: ts, v: 2 * v},
			)
			if ts%60_000 == 0 {
				r.tick()
			}
		}
		r.tick()
	}
	feed(1500)
	if err := r.engine.WriteCheckpoint(); err != nil {
		t.Fatal(err)
	}
	feed(300)
	want := figures(r.engine.Status())
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"older": whole, "cut": whole[:len(whole)/2], "flipped": append(append([]byte{}, whole[:99]...), append([]byte{whole[99] ^ 1}, whole[100:]...)...), "none": nil,
	} {
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		r.crash()
		if d := cmp.Diff(want, figures(r.engine.Status())); d != "" {
			t.Errorf("%s: want the same figures (-), have (+)\n%s", name, d)
		}
	}
	feed(10)
	r.flush()
	if have, want := r.stored("slo_events_total", matcher("instance", "")), 3*(v-7)+float64(int(v)/100); have != want {
		t.Errorf("want %g events, have %g", want, have)
	}
}
