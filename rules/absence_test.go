package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestFault10_States walks a budget through the five states.
func TestFault10_States(t *testing.T) {
	def := availability(0.999)
	def.Windows = []slo.Window{slo.Rolling(time.Hour)}
	def.Rules = slo.Tier{Alerts: []slo.TierAlert{{Severity: slo.SeverityPage, Pairs: []slo.TierPair{{Long: time.Hour, Short: 5 * time.Minute, Factor: 14.4}}}}}.Rules(def.Windows[0])
	r := newRig(t, t0, def)
	s := &shop{}
	want := []struct {
		until int64
		state slo.State
	}{
		{10 * minute, slo.StatePartial},    // an hour is not observed yet
		{70 * minute, slo.StateOK},         //
		{80 * minute, slo.StateNoTraffic},  // scraped, no requests
		{90 * minute, slo.StateBurning},    // every request fails
		{160 * minute, slo.StateOK},        // the hour with the burn is over
		{180 * minute, slo.StateNoData},    // its target went, another objective's is there
		{190 * minute, slo.StatePartial},   // back: 20 min of the hour are missing
		{250*minute + 1, slo.StateOK},      //
		{260*minute + 1, slo.StateNoData},  // the source is silent
		{265*minute + 1, slo.StatePartial}, // back
	}
	i, from := 0, t0
	for _, w := range want {
		until := t0 + w.until
		r.drive(from, until, 15*second, func(ts int64) []arrival {
			ok, bad := 150.0, 0.0
			switch i {
			case 2:
				ok = 0
			case 3:
				ok, bad = 0, 150
			case 5:
				return []arrival{{lset: labels.FromStrings(labels.MetricName, "errors_total", "prometheus", "a"), t: ts}}
			case 8:
				return nil
			}
			return s.scrape(ts, ok, bad)
		})
		from = until
		if until%(15*second) != t0%(15*second) {
			from = until + 15*second - 1
		}
		if have := r.status().State; have != w.state {
			t.Errorf("at %d min: want %s, have %s (%s)", w.until/minute, w.state, have, r.status().Reason)
		}
		i++
	}
}

// TestFault10_Coverage is exact at every cadence: in the steady state all scrapes
// expected are observed, in every window that holds a whole number of them, after a
// missed scrape one is missing, and after a gap exactly those of the gap.
func TestFault10_Coverage(t *testing.T) {
	for _, c := range []struct {
		slot  time.Duration
		every []int64 // ms, a target each
	}{
		{slot, []int64{5 * second}},
		{slot, []int64{15 * second}},
		{slot, []int64{30 * second}},
		{slot, []int64{60 * second}},
		{slot, []int64{120 * second}},
		{slot, []int64{15 * second, 60 * second}},
		{slot, []int64{5 * second, 30 * second, 120 * second}},
		{time.Minute, []int64{15 * second}},
		{time.Minute, []int64{60 * second}},
		{30 * time.Second, []int64{15 * second, 60 * second}},
	} {
		t.Run(fmt.Sprint(c.slot, c.every), func(t *testing.T) {
			r := newRig(t, t0, availability(0.999))
			r.slot = c.slot
			r.start()
			var shops []*shop
			for i := range c.every {
				shops = append(shops, &shop{instance: fmt.Sprint("i", i)})
			}
			const missed, gap, back, end = 80 * minute, 150 * minute, 170 * minute, 240 * minute
			scrapes := func(from, to int64) float64 { // in (from, to], both of the series that count into total
				n := int64(0)
				for _, every := range c.every {
					n += 2 * (to/every - from/every)
				}
				return float64(n)
			}
			check := func(when string, lost float64) {
				t.Helper()
				st := r.status()
				// The hour that ended with the newest closed slot.
				e := st.TS - t0
				want := scrapes(e-60*minute, e)
				have := r.hour(st)
				near(t, when+": observed", want-lost, have.Observed)
				near(t, when+": expected", want, have.Expected)
			}
			r.drive(t0, t0+end, 5*second, func(ts int64) (all []arrival) {
				e := ts - t0
				switch {
				case e == 70*minute:
					check("steady", 0)
					if slices.Max(c.every) <= c.slot.Milliseconds() {
						near(t, "since the first scrape: expected", r.stored("slo_scrapes_observed_total"), r.stored("slo_scrapes_expected_total"))
					}
				case e == 90*minute:
					check("a missed scrape", 2)
				case e == 145*minute:
					check("steady again", 0)
				case e == 200*minute:
					check("after a gap", scrapes(gap-5*second, back-5*second))
				case e == back+2*minute && slices.Max(c.every) <= c.slot.Milliseconds():
					near(t, "whole, after a gap: missing", 2+scrapes(gap-5*second, back-5*second), r.stored("slo_scrapes_expected_total")-r.stored("slo_scrapes_observed_total"))
				case e >= gap && e < back:
					return nil
				}
				for i, every := range c.every {
					if e%every == 0 && !(i == 0 && e == missed) {
						all = append(all, shops[i].scrape(ts, 10, 0)...)
					}
				}
				return all
			})
			check("an hour after", 0)
		})
	}
}

// hour is what a budget counted in the hour before the status's time, from the ledger.
func (r *rig) hour(st slo.Status) slo.Counts {
	r.t.Helper()
	over := func(name string) float64 {
		start, sum := slo.Rolling(time.Hour).Start(st.TS, r.slot)-t0, 0.0
		for key, points := range r.rows() {
			if len(key) < len(name)+12 || key[11:11+len(name)] != name {
				continue
			}
			for _, p := range points {
				if p.T <= st.TS-t0 {
					sum = p.V
				}
			}
			before := 0.0
			for _, p := range points {
				if p.T <= start {
					before = p.V
				}
			}
			sum -= before
		}
		return sum
	}
	return slo.Counts{Observed: over("slo_scrapes_observed_total"), Expected: over("slo_scrapes_expected_total")}
}

// TestFault10_PairCoverage: below half of its short window's scrapes a pair does not
// begin to fire; on a fresh install that is 2.5 min, after a gap too.
func TestFault10_PairCoverage(t *testing.T) {
	for name, gap := range map[string]int64{"fresh": 0, "after an hour's gap": 60 * minute} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, t0, availability(0.999))
			s := &shop{}
			onset := t0
			if gap > 0 {
				r.drive(t0, t0+2*hour, 15*second, func(ts int64) []arrival { return s.scrape(ts, 150, 0) })
				onset = t0 + 2*hour + gap
			}
			fired := int64(0)
			r.drive(onset, onset+10*minute, 15*second, func(ts int64) []arrival {
				if fired == 0 && len(r.firing(slo.SeverityPage)) > 0 {
					fired = r.now - onset
				}
				return s.scrape(ts, 0, 150)
			})
			within(t, "page after the first scrape, ms", fired, 2*minute, 3*minute)
		})
	}
}

// TestFault10_TargetGone loses the only target of a service while a page fires, with
// and without a staleness marker, while the source goes on, and with the source. The
// page is held for 15 min, then SLODataMissing fires at its severity, and only when
// that was acknowledged is the page resolved. When the target is back, so is the page.
func TestFault10_TargetGone(t *testing.T) {
	const gone = 10 * minute
	for _, c := range []struct {
		name          string
		stale, source bool
		restart       bool
	}{
		{"stale", true, true, false}, {"no marker", false, true, false}, {"stale, alone", true, false, false}, {"source and all", false, false, false},
		{"stale, restart", true, true, true}, {"no marker, restart", false, true, true}, {"source and all, restart", false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := availability(0.999)
			other.Name, other.SLI.Terms[0].Matchers, other.SLI.Terms[1].Matchers = "other", []*labels.Matcher{matcher(labels.MetricName, "other_bad_total")}, []*labels.Matcher{matcher(labels.MetricName, "other_total")}
			r := newRig(t, t0, availability(0.999), other)
			acknowledged := false
			r.heard = func(l labels.Labels) bool {
				if l.Get(labels.AlertName) != slo.AlertDataMissing {
					t.Errorf("asked whether %s was acknowledged", l)
				}
				return acknowledged
			}
			s, n := &shop{}, 0.0
			state := func() (burn, missing string) {
				for _, a := range r.levels[len(r.levels)-1] {
					if a.Labels.Get("slo") != "availability" || a.Labels.Get("severity") != slo.SeverityPage || a.State != slo.AlertFiring {
						continue
					}
					if a.Labels.Get(labels.AlertName) == slo.AlertDataMissing {
						missing = slo.AlertDataMissing
					} else {
						burn = slo.AlertBurn
						if r.now > t0+gone+10*minute && r.now < t0+50*minute && a.Annotations.Get("no_data") == "" {
							t.Errorf("at %d s: want the page to say that it is held", (r.now-t0)/1000)
						}
					}
				}
				return burn, missing
			}
			expect := func(when, burn, missing string) {
				t.Helper()
				if b, m := state(); b != burn || m != missing {
					t.Errorf("%s: want %q and %q firing, have %q and %q", when, burn, missing, b, m)
				}
			}
			r.drive(t0, t0+60*minute, 15*second, func(ts int64) (all []arrival) {
				e := ts - t0
				switch e {
				case gone:
					expect("before", slo.AlertBurn, "")
				case gone + 14*minute:
					expect("14 min later", slo.AlertBurn, "")
				case gone + 17*minute:
					expect("17 min later", slo.AlertBurn, slo.AlertDataMissing)
				case gone + 25*minute:
					expect("25 min later, not acknowledged", slo.AlertBurn, slo.AlertDataMissing)
					acknowledged = true
				case gone + 27*minute:
					expect("acknowledged", "", slo.AlertDataMissing)
				case 50 * minute:
					expect("still gone", "", slo.AlertDataMissing)
				case 59 * minute:
					expect("back", slo.AlertBurn, "")
				}
				if c.restart && e == gone+20*minute || e == gone+30*minute {
					r.crash()
				}
				away := e >= gone && e < 50*minute
				if !away || c.source {
					n += 10
					all = append(all, arrival{lset: labels.FromStrings(labels.MetricName, "other_total", "prometheus", "a"), t: ts, v: n})
				}
				switch {
				case e == gone && c.stale:
					all = append(all, s.stale(ts)...)
				case !away:
					all = append(all, s.scrape(ts, 0, 150)...)
				}
				return all
			})
		})
	}
}

// TestFault28_SourceLagging tells once of a silent source, not of each budget, until
// it is back.
func TestFault28_SourceLagging(t *testing.T) {
	other := availability(0.999)
	other.Name = "other"
	r := newRig(t, t0, availability(0.999), other)
	s := &shop{}
	r.drive(t0, t0+60*minute, 15*second, func(ts int64) []arrival {
		e := ts - t0
		if e == 20*minute {
			r.crash()
		}
		if e >= 10*minute && e < 40*minute {
			return nil
		}
		return s.scrape(ts, 150, 0)
	})
	have := r.transitions()
	if len(have) != 2 || have[0].Labels != slo.AlertSourceLag+" ticket a" || have[1].ResolvedAt == 0 {
		t.Fatalf("want SLOSourceLagging and its end, have %v", have)
	}
	within(t, "told after", have[0].FiredAt-10*minute, 105*second, 150*second)
	within(t, "ended after", have[1].ResolvedAt-40*minute, 0, 30*second)
}

// TestFault10_NeverSeen: an objective whose selectors match nothing says so and alerts
// nobody.
func TestFault10_NeverSeen(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	r.drive(t0, t0+30*minute, 15*second, func(int64) []arrival { return nil })
	s := r.status()
	if s.State != slo.StateNoData || s.Reason != `matches 0 series so far: http_requests_total{job="shop"}; no metric that is kept is named http_requests_total` {
		t.Errorf("want no-data and its reason, have %s: %s", s.State, s.Reason)
	}
	if have := r.transitions(); len(have) > 0 {
		t.Errorf("want no alert, have %v", have)
	}
}

// TestFault10_ChurnLeavesNoRest: what targets bring when they come, and take when they
// go, at any moment of a slot, is expected to the scrape: a rest would hide a gap later.
func TestFault10_ChurnLeavesNoRest(t *testing.T) {
	for _, every := range []int64{3 * second, 5 * second, 15 * second} {
		for phase := int64(0); phase < 15*second; phase += every {
			r := newRig(t, t0, availability(0.999))
			stays, goes := &shop{instance: "stays"}, &shop{instance: "goes"}
			came, went := 20*minute+phase, 40*minute+phase
			r.drive(t0, t0+60*minute, every, func(ts int64) []arrival {
				all := stays.scrape(ts, 10, 0)
				switch e := ts - t0; {
				case e >= came && e < went:
					all = append(all, goes.scrape(ts, 10, 0)...)
				case e == went:
					all = append(all, goes.stale(ts)...)
				}
				return all
			})
			near(t, fmt.Sprintf("scrapes every %d s, %d s into a slot: expected", every/second, phase/second),
				r.stored("slo_scrapes_observed_total"), r.stored("slo_scrapes_expected_total"))
			r.close()
		}
	}
}
