package rules_test

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// missing is the severity at which an SLODataMissing with these group labels fires,
// empty if none does.
func (r *rig) missing(groups ...string) string {
	for _, a := range r.levels[len(r.levels)-1] {
		if a.Labels.Get(labels.AlertName) != slo.AlertDataMissing || a.State != slo.AlertFiring {
			continue
		}
		for i := 0; i+1 < len(groups); i += 2 {
			if a.Labels.Get(groups[i]) != groups[i+1] {
				a.Labels = labels.EmptyLabels()
			}
		}
		if !a.Labels.IsEmpty() {
			return a.Labels.Get("severity")
		}
	}
	return ""
}

// other is a series of another service of the same source, which goes on.
func other(ts int64) arrival {
	return arrival{lset: labels.FromStrings(labels.MetricName, "up", "job", "other", "prometheus", "a"), t: ts, v: 1}
}

// TestFault10_Absence loses all targets of a service while nothing burns. Whether that
// pages is the objective's to say. If it says nothing a page goes out where requests
// were answered up to the end and the tier pages.
func TestFault10_Absence(t *testing.T) {
	for _, c := range []struct {
		name    string
		absence slo.Absence
		traffic float64 // per scrape, in the last ten minutes
		tickets bool    // the tier has no page
		want    string
	}{
		{"default", "", 150, false, "page"},
		{"default, drained before", "", 0, false, "ticket"},
		{"default, of a tier without pages", "", 150, true, "ticket"},
		{"page", slo.AbsencePage, 0, true, "page"},
		{"ticket", slo.AbsenceTicket, 150, false, "ticket"},
		{"ignore", slo.AbsenceIgnore, 150, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := availability(0.999)
			def.Absence, def.Labels = c.absence, map[string]string{"team": "shop"}
			if c.tickets {
				def.Rules = def.Rules[1:]
			}
			r, s := newRig(t, t0, def), &shop{}
			r.drive(t0, t0+40*minute, 15*second, func(ts int64) []arrival {
				e := ts - t0
				switch {
				case e < 10*minute:
					return append(s.scrape(ts, 150, 0), other(ts))
				case e < 20*minute:
					return append(s.scrape(ts, c.traffic, 0), other(ts))
				case e == 20*minute:
					return append(s.stale(ts), other(ts))
				case e == 24*minute:
					if have := r.missing(); have != "" {
						t.Errorf("4 min after: want nobody told, have a %s", have)
					}
				}
				return []arrival{other(ts)}
			})
			if have := r.missing("team", "shop"); have != c.want {
				t.Errorf("want %q, have %q", c.want, have)
			}
			r.drive(t0+40*minute, t0+42*minute, 15*second, func(ts int64) []arrival { return append(s.scrape(ts, 150, 0), other(ts)) })
			if have := r.missing(); have != "" {
				t.Errorf("back: want nothing missing, have a %s", have)
			}
		})
	}
}

// TestFault10_OneAbsence: where all groups are gone the roll-up says so for them, as a
// page; where one is gone, it does, as a ticket.
func TestFault10_OneAbsence(t *testing.T) {
	r := newRig(t, t0, availability(0.999, "instance"))
	a, b := &shop{instance: "i1"}, &shop{instance: "i2"}
	told := map[string]bool{}
	r.drive(t0, t0+60*minute, 15*second, func(ts int64) (all []arrival) {
		e := ts - t0
		if e == 25*minute {
			if one, up := r.missing("instance", "i1"), r.missing("instance", ""); one != "ticket" || up != "" {
				t.Errorf("one gone: want its ticket alone, have %q and the roll-up's %q", one, up)
			}
		}
		switch {
		case e < 10*minute:
			all = append(a.scrape(ts, 150, 0), b.scrape(ts, 150, 0)...)
		case e == 10*minute:
			all = append(a.stale(ts), b.scrape(ts, 150, 0)...)
		case e < 30*minute:
			all = b.scrape(ts, 150, 0)
		case e == 30*minute:
			all = b.stale(ts)
		}
		for _, l := range r.levels {
			for _, x := range l {
				if x.Labels.Get(labels.AlertName) == slo.AlertDataMissing {
					told[x.Labels.Get("instance")+" "+x.Labels.Get("severity")] = true
				}
			}
		}
		r.levels = r.levels[max(0, len(r.levels)-1):]
		return append(all, other(ts))
	})
	if len(told) != 2 || !told["i1 ticket"] || !told[" page"] {
		t.Errorf("want i1's ticket and the roll-up's page, have %v", told)
	}
}

// TestFault10_Required tells of an objective that never had data, once the engine has
// been there for a while; a restart ends it as little as its first sample is missed.
func TestFault10_Required(t *testing.T) {
	for _, c := range []struct {
		absence slo.Absence
		want    string
	}{{"", "ticket"}, {slo.AbsencePage, "page"}} {
		t.Run("absence "+string(c.absence), func(t *testing.T) {
			def := availability(0.999)
			def.Required, def.Absence = true, c.absence
			r, s := newRig(t, t0, def), &shop{}
			r.drive(t0, t0+40*minute, 15*second, func(ts int64) []arrival {
				switch e := ts - t0; {
				case e == 4*minute && r.missing() != "":
					t.Error("want time to send first")
				case e == 7*minute && r.missing() != c.want:
					t.Errorf("want a %s, have %q", c.want, r.missing())
				case e == 10*minute:
					r.crash()
				case e >= 20*minute:
					return s.scrape(ts, 10, 0)
				}
				return []arrival{other(ts)}
			})
			have := r.transitions()
			if len(have) != 2 || have[0].FiredAt != have[1].FiredAt || have[0].ResolvedAt != 0 {
				t.Fatalf("want it told once and ended once, have %v", have)
			}
			within(t, "ended after the first sample, ms", have[1].ResolvedAt-20*minute, 0, minute)
		})
	}
}

// TestFault10_RequiredStaysMissing beyond the longest window, when what is not required
// is forgotten.
func TestFault10_RequiredStaysMissing(t *testing.T) {
	for _, required := range []bool{false, true} {
		def := availability(0.999)
		def.Required, def.Windows = required, []slo.Window{slo.Rolling(time.Hour)}
		def.Rules = def.Rules[:0]
		r, s := newRig(t, t0, def), &shop{}
		r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival { return append(s.scrape(ts, 10, 0), other(ts)) })
		r.drive(t0+10*minute, t0+80*hour, 5*minute, func(ts int64) []arrival {
			if ts == t0+10*minute {
				return append(s.stale(ts), other(ts))
			}
			return []arrival{other(ts)}
		})
		if have := r.missing() != ""; have != required {
			t.Errorf("required %v: after 80 h want it missing: %v, have %v", required, required, have)
		}
	}
}
