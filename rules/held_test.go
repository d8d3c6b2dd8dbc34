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
