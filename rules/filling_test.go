package rules_test

import (
	"testing"
	"time"
)

// A past that is longer than the ledger's out-of-order window is stored whole: no
// ALERTS at wall time stands in its way.
func TestLongPastIsStoredWhole(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	r.tick() // the watchdog fires
	n := 0.0
	scrape := func(ts int64) {
		r.send(arrival{lset: requests("200", "i1"), t: ts, v: n, at: r.now})
		r.tick()
		n++
	}
	for ts := r.now - (60 * 24 * time.Hour).Milliseconds(); ts < r.now; ts += time.Hour.Milliseconds() {
		scrape(ts)
	}
	for range 8 {
		r.now += slot.Milliseconds()
		scrape(r.now)
	}
	r.now += (20 * time.Second).Milliseconds()
	scrape(r.now)
	want := n - 2 // the first counts nothing, the last lies in an open slot
	if have := r.stored("slo_events_total"); have != want {
		t.Errorf("want %g events, have %g", want, have)
	}
	if have := r.stored("ALERTS"); have == 0 {
		t.Error("want ALERTS once the past is in")
	}
}
