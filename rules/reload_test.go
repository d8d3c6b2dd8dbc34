package rules_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// apply reloads the objectives.
func (r *rig) apply(objectives ...*slo.Objective) {
	r.t.Helper()
	r.objectives = objectives
	r.must(r.engine.Apply(context.Background(), objectives))
}

// outage lets one target fail wholly from minute 60 to minute 90 and calls at with
// each minute.
func outage(r *rig, minutes int64, at func(minute int64)) {
	r.t.Helper()
	s := &shop{}
	r.drive(t0, t0+minutes*minute, 15*second, func(ts int64) []arrival {
		m := (ts - t0) / minute
		if (ts-t0)%minute == 0 {
			at(m)
		}
		bad := 0.0
		if m >= 60 && m < 90 {
			bad = 150
		}
		return s.scrape(ts, 150-bad, bad)
	})
}

// TestFault12_TargetChangedDuringABurn changes target, owner and tier while a page
// fires, with and without a restart after: it stays one alert, with the labels it
// began with; the change is dated, and what was before keeps its target.
func TestFault12_TargetChangedDuringABurn(t *testing.T) {
	for _, restart := range []bool{false, true} {
		def := availability(0.999)
		def.Owner, def.Tier = "payments", "critical"
		r := newRig(t, t0, def)
		outage(r, 140, func(m int64) {
			if m != 70 {
				return
			}
			tighter := def.Clone()
			tighter.Target, tighter.Owner, tighter.Tier = 0.9999, "platform", "standard"
			r.apply(tighter)
			if restart {
				r.crash()
			}
		})
		pages := 0
		for _, x := range r.transitions() {
			if x.Labels == "SLOErrorBudgetBurn page" && x.ResolvedAt == 0 {
				pages++
			}
		}
		if pages != 1 {
			t.Errorf("restart %v: want one page, have %v", restart, r.transitions())
		}
		if v := r.vanished(); len(v) > 0 {
			t.Errorf("restart %v: vanished: %v", restart, v)
		}
		for _, level := range r.levels {
			for _, a := range level {
				if a.Labels.Get("severity") == slo.SeverityPage && a.Labels.Get("owner") != "payments" {
					t.Fatalf("restart %v: want the labels of when it fired, have %s", restart, a.Labels)
				}
			}
		}
		versions := r.engine.Catalogue()[0].Versions
		if len(versions) != 2 || versions[0].Target != 0.999 || versions[1].Target != 0.9999 {
			t.Fatalf("restart %v: want both targets, have %+v", restart, versions)
		}
		within(t, "the change's date", versions[1].From, t0+69*minute, t0+70*minute)
		near(t, "total", 150*(140*4-2), r.status().Windows[0].Counts.Total)
	}
}

// TestFault12_WindowGrows makes the budget window longer: the ledger holds what the
// longer one needs, so that it is right at once, and after a restart.
func TestFault12_WindowGrows(t *testing.T) {
	def := availability(0.99)
	week, longest := slo.Rolling(7*day), slo.Rolling(16*day)
	def.Windows = []slo.Window{week}
	def.Rules = slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(week)
	r := newRig(t, t0, def)
	s := &shop{}
	const step = 10 * minute
	now := t0
	run := func(d int64) {
		r.drive(now, now+d, step, func(ts int64) []arrival { return s.scrape(ts, 99, 1) })
		now += d
	}
	check := func(when string, days int64) {
		t.Helper()
		// The window's start is floored to the hour.
		within(t, when, int64(r.status().Windows[0].Counts.Total), days*144*100-100, days*144*100+600)
	}
	run(20 * 24 * hour)
	check("7 d", 7)
	longer := def.Clone()
	longer.Windows = []slo.Window{longest}
	longer.Rules = slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(longest)
	r.apply(longer)
	run(2 * step)
	check("16 d", 16)
	r.crash()
	r.tick()
	check("16 d after a restart", 16)
	r.apply(def)
	run(2 * step)
	check("7 d again", 7)
}

// TestFault12_MeaningChanges edits the SLI itself: terms in another order, fewer of
// them, other groups. Each begins a generation, and the budget goes on across them.
func TestFault12_MeaningChanges(t *testing.T) {
	total := []*labels.Matcher{matcher(labels.MetricName, "http_requests_total"), matcher("job", "shop")}
	good := append(append([]*labels.Matcher{}, total...), matcher("code", "200"))
	bad := append(append([]*labels.Matcher{}, total...), matcher("code", "500"))
	edits := map[string]func(*slo.Objective){
		"order": func(o *slo.Objective) { o.SLI.Terms = []slo.Term{{Matchers: total, Total: 1}, {Matchers: bad, Bad: 1}} },
		"by good": func(o *slo.Objective) {
			o.SLI.Terms = []slo.Term{{Matchers: total, Bad: 1, Total: 1}, {Matchers: good, Bad: -1}}
		},
		"one":    func(o *slo.Objective) { o.SLI.Terms = []slo.Term{{Matchers: bad, Bad: 1, Total: 1}} },
		"births": func(o *slo.Objective) { o.SLI.Births = slo.BirthsZero },
		"groups": func(o *slo.Objective) { o.SLI.By = []string{"instance"} },
	}
	for name, edit := range edits {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				def := availability(0.9)
				r := newRig(t, t0, def)
				s := &shop{}
				r.drive(t0, t0+60*minute, 15*second, func(ts int64) []arrival {
					if ts == t0+30*minute {
						edited := def.Clone()
						edit(edited)
						if edited.Meaning() != def.Meaning() {
							r.apply(edited)
						} else if name != "order" {
							t.Fatal("want another meaning")
						}
						if restart {
							r.crash()
						}
					}
					return s.scrape(ts, 90, 10)
				})
				r.flush()
				all, c := 100.0, r.status().Windows[0].Counts
				if name == "one" {
					// From the change on only errors are counted.
					within(t, "total", int64(c.Total), 119*100+120*10-2*90, 119*100+120*10+2*90)
					within(t, "bad", int64(c.Bad), 239*10, 239*10)
				} else {
					near(t, "total", 239*all, c.Total)
					near(t, "bad", 239*10, c.Bad)
				}
				near(t, "late", 0, r.stored("slo_late_events_total"))
				if name == "groups" {
					g := r.status("instance", "i1").Windows[0].Counts
					within(t, "the group's total", int64(g.Total), 119*100, 122*100)
				}
				if name != "order" && len(r.engine.Catalogue()[0].Generations) != 2 {
					t.Errorf("want two generations, have %v", r.engine.Catalogue()[0].Generations)
				}
				if n := r.coverage(15*time.Minute, matcherAbsent("instance"), matcher("generation", map[bool]string{true: "1", false: "2"}[name == "order"])); n != 1 {
					t.Errorf("want all scrapes of the last 15 min observed, have %g of those expected", n)
				}
			})
		}
	}
}

// TestFault12_Removed takes an objective away while its page fires: the page leaves
// the level, does not come back with a restart or with samples still to be counted,
// and when the objective is there again, so is its past.
func TestFault12_Removed(t *testing.T) {
	def := availability(0.999)
	other := availability(0.999)
	other.Name = "other"
	r := newRig(t, t0, def, other)
	of := func() (n int) {
		for _, a := range r.engine.Alerts() {
			if a.Labels.Get("slo") == "availability" {
				n++
			}
		}
		return n
	}
	outage(r, 120, func(m int64) {
		switch m {
		case 65:
			if of() == 0 {
				t.Error("want a page before the objective is removed")
			}
			r.apply(other)
		case 66:
			if n := of(); n != 0 {
				t.Errorf("want no alert of what was removed, have %d", n)
			}
			r.crash()
		case 67, 71:
			if n := of(); n != 0 {
				t.Errorf("minute %d: want no alert of what was removed, have %d", m, n)
			}
		case 75:
			r.apply(other, def)
		case 80:
			r.crash()
		}
	})
	for _, s := range r.engine.Status() {
		if s.Objective.Name != "availability" {
			continue
		}
		// Ten minutes of it are missing: neither good nor bad.
		within(t, "total", int64(s.Windows[0].Counts.Total), 150*(110*4-6), 150*(110*4+2))
		within(t, "bad", int64(s.Windows[0].Counts.Bad), 150*(20*4-6), 150*(20*4+2))
	}
}

// TestFault12_ChangedDuringABacklog: what is edited while an old backlog comes in is in
// force after what it replaces, though the data are older than both.
func TestFault12_ChangedDuringABacklog(t *testing.T) {
	def := availability(0.999)
	r := newRig(t, t0+120*minute, def)
	s := &shop{}
	for ts := int64(t0); ts < t0+20*minute; ts += 15 * second {
		r.send(s.scrape(ts, 150, 0)...)
	}
	r.tick()
	tighter := def.Clone()
	tighter.Target = 0.9999
	r.apply(tighter)
	versions := r.engine.Catalogue()[0].Versions
	if n := len(versions); n != 2 || versions[1].From < versions[0].From || versions[1].Target != 0.9999 {
		t.Errorf("want two versions in order, have %+v", versions)
	}
}
