package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// runHostile tells a story of two sources, two cadences, targets that come, go with and
// without a marker and come back, a silent source, births and resets, and burns in
// between, and crashes after the steps given (15 s each).
func runHostile(t testing.TB, steps int, crashes map[int]bool) ([]transition, map[string][]point) {
	r := newRig(t, t0, availability(0.999, "region"))
	defer r.close()
	eu := &shop{instance: "i1", labels: []string{"region", "eu"}}
	us := &shop{instance: "i2", labels: []string{"region", "us"}}
	slow := &shop{instance: "i3", source: "b", labels: []string{"region", "us"}}
	for step := range steps {
		ts := t0 + int64(step)*15*second
		m := step / 4
		r.now = ts + 500
		bad := 0.0
		if m >= 30 && m < 40 || m >= 90 && m < 100 {
			bad = 100
		}
		r.send(eu.scrape(ts, 150-bad, bad)...)
		switch {
		case m == 50 && step%4 == 0:
			r.send(us.stale(ts)...)
		case m >= 50 && m < 60, m >= 70 && m < 72:
		default:
			if m == 65 && step%4 == 0 {
				us.ok, us.bad = 0, 0
			}
			batch := us.scrape(ts, 150, 1)
			if m < 20 {
				batch = batch[:1] // its errors are born later
			}
			r.send(batch...)
		}
		if step%4 == 1 && (m < 45 || m >= 58) {
			r.send(slow.scrape(ts, 600, 0)...)
		}
		r.tick()
		if crashes[step] {
			r.crash()
			r.tick()
		}
	}
	return r.transitions(), r.rows()
}

// TestFault16_HostileRestart compares that story with and without crashes: what was
// published, and every event counted, is the same. Of the scrapes expected of targets
// that went away without a word, a restart knows for five minutes only.
func TestFault16_HostileRestart(t *testing.T) {
	const steps = 110 * 4
	want, wantRows := runHostile(t, steps, nil)
	events := func(rows map[string][]point) map[string][]point {
		out := map[string][]point{}
		for k, v := range rows {
			if !strings.Contains(k, "slo_scrapes_expected_total") {
				out[k] = v
			}
		}
		return out
	}
	if len(want) < 3 || len(wantRows) < 12 {
		t.Fatalf("not what this test is for: %v", want)
	}
	burns := func(all []transition) (out []transition) {
		for _, x := range all {
			if strings.HasPrefix(x.Labels, slo.AlertBurn) {
				out = append(out, x)
			}
		}
		return out
	}
	checkFew(t, 8, func(rt *rapid.T) {
		crashes := map[int]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "crashes") {
			crashes[rapid.IntRange(4, steps-1).Draw(rt, "step")] = true
		}
		have, rows := runHostile(t, steps, crashes)
		if diff := cmp.Diff(burns(want), burns(have)); diff != "" {
			rt.Fatalf("published (-never stopped +with crashes):\n%s", diff)
		}
		if diff := cmp.Diff(events(wantRows), events(rows)); diff != "" {
			rt.Fatalf("counted (-never stopped +with crashes):\n%s", fmt.Sprint(diff))
		}
		for _, x := range have {
			if !strings.HasPrefix(x.Labels, slo.AlertBurn) && !strings.HasPrefix(x.Labels, slo.AlertSourceLag) && !strings.HasPrefix(x.Labels, slo.AlertDataMissing) {
				rt.Fatalf("published %v", x)
			}
		}
	})
}
