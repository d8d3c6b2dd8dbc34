package rules_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// failingStore loses what is saved while broken is set: the process dies between
// ledger write and state write.
type failingStore struct {
	memStore
	broken bool
}

var errBroken = errors.New("the disk is gone")

func (s *failingStore) Save(put map[string]rules.Record, del []string) error {
	if s.broken {
		return errBroken
	}
	return s.memStore.Save(put, del)
}

// crash is how a run is interrupted after a step.
type crash int

const (
	none      crash = iota
	afterTick       // everything was written
	lostState       // the ledger was written, the state was not
	unapplied       // the raw TSDB had stored the samples, nothing counted them
)

// burns is a story with two burns and a blip, each step 15 s long: the share of
// requests that fail.
func burns(step int) float64 {
	m := step / 4
	switch {
	case m >= 20 && m < 32, m >= 75 && m < 78:
		return 0.3
	case m == 50 && step%4 < 2:
		return 0.2
	}
	return 0
}

// runBurns tells the story to a rig that crashes as crashes say, by step.
func runBurns(t testing.TB, steps int, crashes map[int]crash) (changes []transition, rows map[string][]point, vanished []string) {
	def := availability(0.999)
	def.Rules[0].For, def.Rules[0].KeepFiringFor = 45*time.Second, 90*time.Second
	r := newRig(t, t0, def)
	defer r.close()
	store := &failingStore{memStore: memStore{m: map[string]rules.Record{}}}
	r.states = store
	r.start()
	s := []*shop{{instance: "i1"}, {instance: "i2"}}
	for step := range steps {
		ts := t0 + int64(step)*15*second
		r.now = ts + 500
		bad := burns(step) * 150
		for i := range s {
			batch := s[i].scrape(ts+int64(i)*4*second-15*second, 150-bad, bad)
			if crashes[step] == unapplied && i == 0 {
				r.storeRaw(batch...)
				r.crash()
				continue
			}
			r.send(batch...)
		}
		heard := len(r.levels)
		if crashes[step] == lostState {
			store.broken = true
			if err := r.engine.Tick(t.Context(), r.now); err != nil && !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			store.broken = false
			r.levels = r.levels[:heard] // it died before it told anybody
			r.crash()
		}
		r.tick()
		if crashes[step] == afterTick {
			r.crash()
			r.tick()
		}
	}
	return r.transitions(), r.rows(), r.vanished()
}

// TestFault16_RestartEqualsNeverStopped kills the engine at random moments of two
// burns — pending, firing, kept firing, resolved; with everything written, between
// ledger and state, between raw samples and counting — and compares what was
// published and written with a run that never stopped.
func TestFault16_RestartEqualsNeverStopped(t *testing.T) {
	const steps = 100 * 4
	want, wantRows, _ := runBurns(t, steps, nil)
	if len(want) < 4 {
		t.Fatalf("want two episodes, have %v", want)
	}
	checkFew(t, 4, func(rt *rapid.T) {
		crashes := map[int]crash{}
		for range rapid.IntRange(1, 6).Draw(rt, "crashes") {
			at := rapid.IntRange(8, steps-1).Draw(rt, "step")
			crashes[at] = rapid.SampledFrom([]crash{afterTick, lostState, unapplied}).Draw(rt, "how")
		}
		have, rows, vanished := runBurns(t, steps, crashes)
		if diff := cmp.Diff(want, have); diff != "" {
			rt.Fatalf("published (-never stopped +with crashes):\n%s", diff)
		}
		if len(vanished) > 0 {
			rt.Fatalf("vanished from the level without being resolved: %v", vanished)
		}
		if diff := cmp.Diff(wantRows, rows); diff != "" {
			rt.Fatalf("ledger (-never stopped +with crashes):\n%s", diff)
		}
	})
}

// TestFault16_DownWhileFiring stops the process for two minutes while a page fires:
// Prometheus resends, and there is one episode, resolved when it would have been.
func TestFault16_DownWhileFiring(t *testing.T) {
	run := func(down func(step int) bool) []transition {
		r := newRig(t, t0, availability(0.999))
		defer r.close()
		s := &shop{}
		var unsent []arrival
		was := false
		for step := range 120 * 4 {
			ts := t0 + int64(step)*15*second
			bad := burns(step) * 150
			unsent = append(unsent, s.scrape(ts, 150-bad, bad)...)
			if down(step) {
				was = true
				continue
			}
			r.now = ts + 500
			if was {
				was = false
				r.crash()
				r.tick()
			}
			r.send(unsent...)
			unsent = nil
			r.tick()
		}
		if v := r.vanished(); len(v) > 0 {
			t.Errorf("vanished: %v", v)
		}
		return r.transitions()
	}
	want := run(func(int) bool { return false })
	for _, m := range []int{21, 24, 31, 33, 36, 40} {
		have := run(func(step int) bool { return step >= m*4 && step < m*4+8 })
		pages := func(all []transition) (out []transition) {
			for _, x := range all {
				if x.Labels == slo.AlertBurn+" page" {
					out = append(out, x)
				}
			}
			return out
		}
		if diff := cmp.Diff(pages(want), pages(have)); diff != "" {
			t.Errorf("down in minute %d (-never +down):\n%s", m, diff)
		}
	}
}

// TestRestartAfterDays: windows end at the newest slot closed, so what memory holds
// finely after a start lies before that, and not before now.
func TestRestartAfterDays(t *testing.T) {
	def := availability(0.999)
	def.Windows = []slo.Window{slo.Rolling(30 * day), slo.Rolling(5 * time.Minute), slo.Rolling(6 * time.Hour)}
	r := newRig(t, t0, def)
	for s := int64(0); s <= 900; s += 15 {
		r.now = t0 + s*1000 + 500
		r.send(arrival{lset: requests("200", "i1"), t: t0 + s*1000, v: float64(s)})
		r.tick()
	}
	r.flush()
	want := r.engine.Status()[0]
	r.now += 100 * time.Hour.Milliseconds()
	r.crash()
	have := r.engine.Status()[0]
	for i, w := range want.Windows {
		if have.TS != want.TS || have.Windows[i].Counts != w.Counts {
			t.Errorf("%s: want %+v at %d, have %+v at %d", w.Window, w.Counts, want.TS, have.Windows[i].Counts, have.TS)
		}
	}
}

// TestRestoreTellsHowFarItIs: whoever waits for a start hears of both of its long steps,
// and no share ever falls.
func TestRestoreTellsHowFarItIs(t *testing.T) {
	told := map[string][]float64{}
	r := newRigWith(t, t0, func(o *rules.Options) {
		o.Restoring = func(what string, share float64) { told[what] = append(told[what], share) }
	}, availability(0.999))
	s := &shop{}
	for step := range 40 {
		ts := t0 + int64(step)*15*second
		r.now = ts + 500
		r.send(s.scrape(ts, 100, 1)...)
		r.tick()
	}
	clear(told)
	r.crash()
	for _, step := range []string{"budgets are read from the ledger", "the newest samples are counted"} {
		shares := told[step]
		if len(shares) == 0 || !slices.IsSorted(shares) || shares[0] < 0 || shares[len(shares)-1] >= 1 {
			t.Errorf("%s: shares %v", step, shares)
		}
	}
}
