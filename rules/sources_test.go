package rules_test

import (
	"math"
	"testing"

	"github.com/slowburn/slowburn/slo"
)

func near(t *testing.T, what string, want, have float64) {
	t.Helper()
	if math.Abs(want-have) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s: want %g, have %g", what, want, have)
	}
}

// pair is one pair of a status.
func pairOf(s slo.Status, long string) slo.PairStatus {
	for _, p := range s.Pairs {
		if slo.FormatDuration(p.Pair.Long) == long {
			return p
		}
	}
	return slo.PairStatus{}
}

// TestFault10_SourceVanishes has two Prometheis feed one budget. When one of them is
// gone for good, the other's burn is found as before: half of the scrapes are
// observed, for the 5 minutes of the short window as for any other.
func TestFault10_SourceVanishes(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	a, b := &shop{source: "a"}, &shop{source: "b"}
	const gone, burn, end = 30 * minute, 3 * hour, 3*hour + 5*minute
	r.drive(t0, t0+end, 15*second, func(ts int64) []arrival {
		bad := 0.0
		if ts >= t0+burn {
			bad = 150
		}
		if ts < t0+gone {
			r.send(b.scrape(ts, 150, 0)...)
		}
		return a.scrape(ts, 150-bad, bad)
	})
	s := r.status()
	if have := pairOf(s, "1h"); !have.Holds {
		t.Errorf("want the pair 1h to hold, have %+v", have)
	}
	if len(r.firing(slo.SeverityPage)) == 0 {
		t.Error("want a page, have none")
	}
	w := s.Windows[0]
	// The window reaches back far beyond the first scrape: coverage is that of 3 h
	// and 5 min by one and 30 min by the other of two.
	near(t, "observed", w.Counts.Observed, 2*(185*4-1)+2*(30*4))
	if s.TS < t0+end-minute {
		t.Errorf("want the vanished source to hold nothing up, have the newest evaluation %d ms before the end", t0+end-s.TS)
	}
	r.crash()
	r.tick()
	if have := r.status(); have.TS < s.TS || have.Windows[0].Counts != w.Counts {
		t.Errorf("after a restart: want %+v at %d, have %+v at %d", w.Counts, s.TS, have.Windows[0].Counts, have.TS)
	}
	if v := r.vanished(); len(v) > 0 {
		t.Errorf("vanished: %v", v)
	}
}

// TestFault10_SourcesAdd checks the sums of three sources, one of which is always
// 90 s late and one of which is 10 minutes late: it catches up, and then nothing is
// missing, nor late.
func TestFault10_SourcesAdd(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	shops := []*shop{{source: "a"}, {source: "b"}, {source: "c"}}
	delays := []int64{second / 2, 90 * second, 10 * minute}
	var queue []arrival
	for ts := t0; ts < t0+hour; ts += 15 * second {
		for i, s := range shops {
			for _, x := range s.scrape(ts, 90, 10) {
				x.at = ts + delays[i]
				queue = append(queue, x)
			}
		}
	}
	for now := t0; now < t0+hour+15*minute; now += 5 * second {
		r.now = now
		for i := range shops {
			var due []arrival
			for _, x := range queue {
				if x.at <= now && x.at > now-5*second && x.lset.Get("prometheus") == shops[i].source {
					due = append(due, x)
				}
			}
			if len(due) > 0 {
				r.send(due...)
			}
		}
		r.tick()
	}
	near(t, "total", 3*100*239, r.stored("slo_events_total"))
	near(t, "bad", 3*10*239, r.stored("slo_bad_events_total"))
	near(t, "late", 0, r.stored("slo_late_events_total"))
	near(t, "observed", 3*240*2, r.stored("slo_scrapes_observed_total"))
	near(t, "expected", 3*240*2, r.stored("slo_scrapes_expected_total"))
}

// TestFault07_OneTargetInTheFuture has one target with timestamps of its own that
// lead by 8 minutes. It must not make everybody else's samples late.
func TestFault07_OneTargetInTheFuture(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	good, ahead := &shop{instance: "i1"}, &shop{instance: "i2"}
	fired := int64(0)
	r.drive(t0, t0+70*minute, 15*second, func(ts int64) []arrival {
		bad := 0.0
		if ts >= t0+60*minute {
			bad = 150
		}
		if fired == 0 && len(r.firing(slo.SeverityPage)) > 0 {
			fired = ts - t0
		}
		return append(good.scrape(ts, 150-bad, bad), ahead.scrape(ts+8*minute, 1, 0)...)
	})
	near(t, "late", 0, r.stored("slo_late_events_total"))
	within(t, "page after the onset, ms", fired-60*minute, 30*second, 90*second)
}

// TestFault07_FirstSampleInTheFuture begins with a target that leads.
func TestFault07_FirstSampleInTheFuture(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	good, ahead := &shop{instance: "i1"}, &shop{instance: "i2"}
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival {
		if ts == t0 {
			r.send(ahead.scrape(ts+9*minute, 1, 0)...)
		}
		return good.scrape(ts, 100, 0)
	})
	near(t, "late", 0, r.stored("slo_late_events_total"))
	// A silence does not close what lies ahead either.
	r.drive(t0+12*minute, t0+20*minute, 15*second, func(ts int64) []arrival {
		if ts == t0+12*minute {
			r.send(ahead.scrape(ts+9*minute, 1, 0)...)
			return nil
		}
		if ts < t0+15*minute {
			return nil
		}
		return good.scrape(ts, 100, 0)
	})
	near(t, "late", 0, r.stored("slo_late_events_total"))
}

// TestPromise1_FarPast posts what is older than all open slots as late: it is in the
// budget, and not in the alert windows under 6 h.
func TestPromise1_FarPast(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	good, late := &shop{instance: "i1"}, &shop{instance: "i2"}
	r.drive(t0, t0+3*hour, 15*second, func(ts int64) []arrival {
		if ts == t0+2*hour {
			for i := range int64(5) {
				r.send(late.scrape(t0+30*minute+i*15*second, 0, 1000)...)
			}
		}
		return good.scrape(ts, 100, 0)
	})
	near(t, "late", 4000, r.stored("slo_late_bad_events_total"))
	s := r.status()
	near(t, "bad in the budget", 4000, s.Windows[0].Counts.Bad)
	near(t, "burn in 1h", 0, pairOf(s, "1h").LongBurn)
	if len(r.firing(slo.SeverityPage)) > 0 {
		t.Error("want no page for the past, have one")
	}
}

// TestPromise1_NotANumber drops what no counter can be, and counts it.
func TestPromise1_NotANumber(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	s := &shop{}
	n := 0.0
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival {
		batch := s.scrape(ts, 100, 0)
		if k := (ts - t0) / 15000; k%10 == 5 {
			batch[0].v = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[k/10%3]
			n++
		}
		return batch
	})
	r.flush()
	near(t, "total", 39*100, r.stored("slo_events_total"))
	near(t, "dropped", n, r.metric("slowburn_engine_invalid_samples_total"))
}
