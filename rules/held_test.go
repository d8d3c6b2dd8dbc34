package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
)

// TestFault10_GoneAndBack: a page fires, and its data goes, comes back and goes again
// before the fault is over. Whatever the objective says about absence, the page is told
// once and ended once. Where its data was gone for longer than it is held,
// SLODataMissing stands in until it is back, and then it pages anew, since it burns.
func TestFault10_GoneAndBack(t *testing.T) {
	const healed = 45
	type stretch struct{ from, to int64 } // minutes in which nothing is scraped
	for _, c := range []struct {
		name string
		gone []stretch
		want map[string]int // episodes told
	}{
		{"for moments", []stretch{{10, 12}, {13, 15}, {16, 18}, {19, 21}, {22, 24}}, map[string]int{"SLOErrorBudgetBurn page": 1}},
		{"for less than it is held", []stretch{{10, 18}, {19, 33}, {35, healed}}, map[string]int{"SLOErrorBudgetBurn page": 1}},
		{"for longer", []stretch{{10, 40}}, map[string]int{"SLOErrorBudgetBurn page": 2, "SLODataMissing page": 1}},
	} {
		for _, absence := range []slo.Absence{"", slo.AbsencePage, slo.AbsenceTicket, slo.AbsenceIgnore} {
			t.Run(c.name+", absence "+string(absence), func(t *testing.T) {
				def := availability(0.999)
				def.Absence, def.Rules = absence, def.Rules[:1]
				r, s := newRig(t, t0, def), &shop{}
				away := false
				r.drive(t0, t0+180*minute, 15*second, func(ts int64) []arrival {
					e, was := ts-t0, away
					away = false
					for _, g := range c.gone {
						away = away || e >= g.from*minute && e < g.to*minute
					}
					if e%(7*minute) == 0 && e > 0 && e < 2*healed*minute {
						r.crash()
					}
					switch {
					case away && !was:
						return append(s.stale(ts), other(ts))
					case away:
						return []arrival{other(ts)}
					case e < healed*minute:
						return append(s.scrape(ts, 0, 150), other(ts))
					}
					return append(s.scrape(ts, 150, 0), other(ts))
				})
				told, ended := map[string]int{}, map[string]int{}
				began := map[transition]bool{}
				for _, x := range r.transitions() {
					start := transition{x.Labels, x.FiredAt, 0}
					if x.ResolvedAt == 0 {
						told[x.Labels]++
						began[start] = true
					} else if ended[x.Labels]++; !began[start] {
						t.Errorf("want the end of what began, have %v", x)
					}
				}
				if d := cmp.Diff(c.want, told); d != "" {
					t.Errorf("episodes told (-want +have):\n%s%v", d, r.transitions())
				}
				if d := cmp.Diff(c.want, ended); d != "" {
					t.Errorf("episodes ended (-want +have):\n%s%v", d, r.transitions())
				}
				if have := r.vanished(); len(have) > 0 {
					t.Errorf("want each end stated, these were left out: %v", have)
				}
			})
		}
	}
}

// TestFault10_IgnoredAbsenceOfAPage: absence that is ignored ends no page either. What
// took over from it stays until the data is back; nothing else is told of absence.
func TestFault10_IgnoredAbsenceOfAPage(t *testing.T) {
	def := availability(0.999)
	def.Absence = slo.AbsenceIgnore
	r, s := newRig(t, t0, def), &shop{}
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival { return append(s.scrape(ts, 0, 150), other(ts)) })
	r.drive(t0+10*minute, t0+4*hour, 15*second, func(ts int64) []arrival {
		if e := ts - t0; e == 30*minute || e == 3*hour {
			if have := r.missing(); have != slo.SeverityPage {
				t.Errorf("after %d min: want SLODataMissing to page, have %q", e/minute, have)
			}
			r.crash()
		}
		return []arrival{other(ts)}
	})
	r.drive(t0+4*hour, t0+4*hour+5*minute, 15*second, func(ts int64) []arrival { return append(s.scrape(ts, 150, 0), other(ts)) })
	if have := r.missing(); have != "" {
		t.Errorf("back: want nothing missing, have a %s", have)
	}
	r.drive(t0+4*hour+5*minute, t0+5*hour, 15*second, func(ts int64) []arrival { return []arrival{other(ts)} })
	if have := r.missing(); have != "" {
		t.Errorf("gone while nothing burns: want nobody told, have a %s", have)
	}
}

// TestFault30_HeldUntil: what is handed on tells an alert whose data is gone from one
// that is known to burn, and one that was held to its end from one that is known to be
// over. A slowburn beside this one may know better.
func TestFault30_HeldUntil(t *testing.T) {
	for _, c := range []struct {
		name string
		// what else arrives while the shop's data is gone
		beside func(ts int64) []arrival
	}{
		{"the source is silent", func(int64) []arrival { return nil }},
		{"the target is gone", func(ts int64) []arrival { return []arrival{other(ts)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := availability(0.999)
			def.Rules = def.Rules[:1]
			r, s := newRig(t, t0, def), &shop{}
			page := func() slo.Alert {
				t.Helper()
				for _, a := range r.levels[len(r.levels)-1] {
					if a.Labels.Get("alertname") == slo.AlertBurn {
						return a
					}
				}
				t.Fatal("no page")
				return slo.Alert{}
			}
			expect := func(when string, state slo.AlertState, held int64) {
				t.Helper()
				if a := page(); a.State != state || held == 0 != (a.HeldUntil == 0) || held != 0 && a.HeldUntil-t0 != held {
					t.Errorf("%s: want %s, held until %d min, have %s, %d min", when, state, held/minute, a.State, max(0, a.HeldUntil-t0)/minute)
				}
			}
			shops := func(ok, bad float64) func(ts int64) []arrival {
				return func(ts int64) []arrival { return append(s.scrape(ts, ok, bad), other(ts)) }
			}
			r.drive(t0, t0+10*minute, 15*second, shops(0, 150))
			expect("burning", slo.AlertFiring, 0)

			// Its last scrape was 15 s before; the slot that holds it ends with it.
			r.drive(t0+10*minute, t0+12*minute, 15*second, c.beside)
			expect("2 min without data", slo.AlertFiring, 25*minute-15*second)
			r.crash()
			r.tick()
			expect("after a restart", slo.AlertFiring, 25*minute-15*second)
			r.drive(t0+12*minute, t0+14*minute, 15*second, shops(0, 150))
			expect("back", slo.AlertFiring, 0)

			r.drive(t0+14*minute, t0+31*minute, 15*second, c.beside)
			expect("held to its end", slo.AlertResolved, 29*minute-15*second)
			r.drive(t0+31*minute, t0+40*minute, 15*second, shops(0, 150))
			expect("burning anew", slo.AlertFiring, 0)
			r.drive(t0+40*minute, t0+120*minute, 15*second, shops(150, 0))
			ended := 0
			for _, level := range r.levels {
				for _, a := range level {
					if a.Labels.Get("alertname") != slo.AlertBurn || a.FiredAt < t0+31*minute {
						continue
					}
					if a.HeldUntil != 0 {
						t.Fatalf("%s with its data there: want it not held, have it until %d min", a.State, (a.HeldUntil-t0)/minute)
					}
					if a.State == slo.AlertResolved {
						ended++
					}
				}
			}
			if ended == 0 {
				t.Error("want it ended when it is over")
			}
		})
	}
}
