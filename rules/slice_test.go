package rules_test

import (
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/scenarios"
)

// A minute is judged by all of its events, wherever in it the process was killed.
func TestSlicesAreWholeAcrossRestarts(t *testing.T) {
	o := availability(0.9)
	o.SLI.Slice = slo.Slice{Length: time.Minute, MaxBad: 0.3}
	t0 := scenarios.Start
	r := newRig(t, t0, o)
	good, bad := 0.0, 0.0
	for i := range int64(41) { // ten minutes
		at := t0 + i*15_000
		if i > 0 && i%8 == 3 { // every other minute loses two fifths in its third quarter, 100 of 250
			bad += 100
		} else if i > 0 {
			good += 50
		}
		r.now = at + 500
		r.send(
			arrival{lset: requests("200", "a"), t: at, v: good},
			arrival{lset: requests("500", "a"), t: at, v: bad},
		)
		r.tick()
		r.crash()
	}
	r.flush()
	if want, have := 10.0, r.stored("slo_events_total"); want != have {
		t.Errorf("want %g minutes, have %g", want, have)
	}
	if want, have := 5.0, r.stored("slo_bad_events_total"); want != have {
		t.Errorf("want %g bad minutes, have %g", want, have)
	}
}
