package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// TestPromise1_RollUpIsTheSumOfGroups feeds random requests of random regions, some
// series without a region, and restarts: the roll-up counts every event once, and the
// groups those that have a region.
func TestPromise1_RollUpIsTheSumOfGroups(t *testing.T) {
	checkFew(t, 4, func(rt *rapid.T) {
		r := newRig(t, t0, availability(0.99, "region"))
		defer r.close()
		var shops []*shop
		want := map[string]float64{}
		for i := range rapid.IntRange(1, 8).Draw(rt, "targets") {
			s := &shop{instance: fmt.Sprint("i", i)}
			if region := rapid.SampledFrom([]string{"", "eu", "us", "ap"}).Draw(rt, "region"); region != "" {
				s.labels = []string{"region", region}
			}
			shops = append(shops, s)
		}
		crash := rapid.IntRange(0, 40).Draw(rt, "crash")
		for step := range 40 {
			ts := t0 + int64(step)*15*second
			r.now = ts + 500
			for _, s := range shops {
				ok, bad := float64(rapid.IntRange(0, 50).Draw(rt, "ok")), float64(rapid.IntRange(0, 3).Draw(rt, "bad"))
				if step > 0 {
					region := ""
					if len(s.labels) > 0 {
						region = s.labels[1]
						want[region] += ok + bad
						want[region+" bad"] += bad
					}
					want["all"] += ok + bad
					want["all bad"] += bad
				}
				r.send(s.scrape(ts, ok, bad)...)
			}
			r.tick()
			if step == crash {
				r.crash()
			}
		}
		r.flush()
		if have := r.stored("slo_events_total", matcherAbsent("region")); have != want["all"] {
			rt.Fatalf("roll-up: want %g events, have %g", want["all"], have)
		}
		if have := r.stored("slo_bad_events_total", matcherAbsent("region")); have != want["all bad"] {
			rt.Fatalf("roll-up: want %g bad, have %g", want["all bad"], have)
		}
		for _, region := range []string{"eu", "us", "ap"} {
			if have := r.stored("slo_events_total", matcher("region", region)); have != want[region] {
				rt.Fatalf("%s: want %g events, have %g", region, want[region], have)
			}
			if have := r.stored("slo_bad_events_total", matcher("region", region)); have != want[region+" bad"] {
				rt.Fatalf("%s: want %g bad, have %g", region, want[region+" bad"], have)
			}
		}
	})
}

// regions are n targets, one in each region.
func regions(n int) []*shop {
	out := make([]*shop, n)
	for i := range out {
		out[i] = &shop{instance: fmt.Sprint("i", i), labels: []string{"region", fmt.Sprintf("r%03d", i)}}
	}
	return out
}

// TestFault17_GroupOverflow has more groups than the limit. The first keep budgets of
// their own, the rest share one that is visible; a restart changes neither.
func TestFault17_GroupOverflow(t *testing.T) {
	r := newRig(t, t0, availability(0.99, "region"))
	r.limit = 5
	r.start()
	shops := regions(8)
	scrape := func(ts int64) (all []arrival) {
		for _, s := range shops {
			all = append(all, s.scrape(ts, 10, 0)...)
		}
		return all
	}
	groups := func() string {
		var names []string
		for _, s := range r.engine.Status() {
			names = append(names, fmt.Sprintf("%s %g", s.Groups.Get("region"), s.Windows[0].Counts.Total))
		}
		return strings.Join(names, ", ")
	}
	r.drive(t0, t0+10*minute, 15*second, scrape)
	want := " 3040, __overflow__ 1140, r000 380, r001 380, r002 380, r003 380, r004 380"
	if have := groups(); have != want {
		t.Errorf("want %s\nhave %s", want, have)
	}
	if have := r.metric("slowburn_engine_series_overflowed_total"); have != 6 {
		t.Errorf("want 6 series overflowed, have %g", have)
	}
	r.crash()
	r.tick()
	if have := groups(); have != want {
		t.Errorf("after a restart: want %s\nhave %s", want, have)
	}
}

// TestCounting7_BadGroupWithoutTotal: errors of a region that has no requests at all
// count in the roll-up; the region itself has no budget.
func TestCounting7_BadGroupWithoutTotal(t *testing.T) {
	def := availability(0.99, "region")
	def.SLI.Terms[0].Matchers = []*labels.Matcher{matcher(labels.MetricName, "errors_total")}
	r := newRig(t, t0, def)
	s, errors := regions(1)[0], 0.0
	check := func(when string) {
		t.Helper()
		if n := len(r.engine.Status()); n != 2 {
			t.Errorf("%s: want the roll-up and one region, have %d budgets", when, n)
		}
		near(t, when+": bad of all", 2*38, r.status().Windows[0].Counts.Bad)
		near(t, when+": bad of the region", 0, r.status("region", "r000").Windows[0].Counts.Bad)
	}
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival {
		errors += 2
		return append(s.scrape(ts, 100, 0), arrival{lset: labels.FromStrings(labels.MetricName, "errors_total", "region", "nowhere", "prometheus", "a"), t: ts, v: errors})
	})
	check("live")
	r.crash()
	r.tick()
	check("after a restart")
}

// TestOneFaultOneAlert: while the roll-up pages its groups are held back, and tickets
// while a page fires; when the roll-up is well, the group that still burns pages.
func TestOneFaultOneAlert(t *testing.T) {
	r := newRig(t, t0, availability(0.99, "region"))
	shops := regions(4)
	r.drive(t0, t0+4*hour, 15*second, func(ts int64) (all []arrival) {
		for i, s := range shops {
			bad := 0.0
			m := (ts - t0) / minute
			// All regions fail from 1 h to 1 h 30 min, one of them for longer; the others
			// grow a thousand times then, so that its share hardly matters to all.
			size := 100.0
			switch {
			case m >= 60 && (m < 90 || i == 0):
				bad = 100
			case m >= 90:
				size = 100_000
			}
			all = append(all, s.scrape(ts, size-bad, bad)...)
		}
		return all
	})
	// The ticket holds first, since there is an hour of history only. The region's page
	// began with the roll-up's, and is told of when that ends.
	want := []transition{
		{"SLOErrorBudgetBurn ticket", 3705000, 0},
		{"SLOErrorBudgetBurn page", 3825000, 0},
		{"SLOErrorBudgetBurn page r000", 3825000, 0},
		{"SLOErrorBudgetBurn page", 3825000, 5430000},
		{"SLOErrorBudgetBurn ticket", 3705000, 10800000},
	}
	if diff := cmp.Diff(want, r.transitions()); diff != "" {
		t.Errorf("published (-want +have):\n%s", diff)
	}
	for _, level := range r.levels {
		pages := 0
		for _, a := range level {
			if a.State == slo.AlertFiring && a.Labels.Get("severity") == slo.SeverityPage {
				pages++
			}
		}
		if pages > 1 {
			t.Fatalf("want one page at a time, have %v", level)
		}
	}
	last := r.firing(slo.SeverityPage)
	if len(last) != 1 || last[0].Labels.Get("region") != "r000" {
		t.Fatalf("want the region's page in the end, have %v", last)
	}
	if have, want := last[0].GeneratorURL, slo.BudgetLink(availability(0.99, "region"), labels.FromStrings("region", "r000")); !strings.HasSuffix(have, want) {
		t.Errorf("want the page to lead to the region's budget, %s, have %s", want, have)
	}
	if v := r.vanished(); len(v) > 0 {
		t.Errorf("vanished: %v", v)
	}
}

// TestGroupsExpire forgets a group that had no data for longer than the longest
// window.
func TestGroupsExpire(t *testing.T) {
	def := availability(0.99, "region")
	def.Windows = []slo.Window{slo.Rolling(7 * day)}
	def.Rules = slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(def.Windows[0])
	r := newRig(t, t0, def)
	shops := regions(3)
	r.drive(t0, t0+30*minute, 15*second, func(ts int64) (all []arrival) {
		for _, s := range shops {
			all = append(all, s.scrape(ts, 10, 0)...)
		}
		return all
	})
	if n := len(r.engine.Status()); n != 4 {
		t.Fatalf("want 4 budgets, have %d", n)
	}
	// The raw TSDB lets go of the series of those that went away.
	r.drive(t0+30*minute, t0+8*24*hour, 5*minute, func(ts int64) []arrival {
		if ts == t0+4*hour {
			for _, s := range shops[1:] {
				r.engine.Unbind(r.engine.Bind(s.series("200"), true))
				r.engine.Unbind(r.engine.Bind(s.series("500"), true))
			}
		}
		return shops[0].scrape(ts, 10, 0)
	})
	if n := len(r.engine.Status()); n != 2 {
		t.Errorf("want the roll-up and one region in the end, have %d budgets", n)
	}
	if have := len(r.engine.Catalogue()); have != 2 {
		t.Errorf("want 2 budgets in the catalogue, have %d", have)
	}
	if have := r.metric("slowburn_engine_groups_expired_total"); have != 2 {
		t.Errorf("want 2 groups expired, have %g", have)
	}
	r.crash()
	// One of them comes back: it begins anew and counts what it gains from here.
	r.drive(t0+8*24*hour, t0+8*24*hour+30*minute, 15*second, func(ts int64) []arrival {
		return append(shops[0].scrape(ts, 10, 0), shops[1].scrape(ts, 10, 0)...)
	})
	// The one increment across the gap is at most what the raw TSDB knows of it.
	near(t, "total after coming back", 119*10, r.status("region", "r001").Windows[0].Counts.Total)
	near(t, "ledger after coming back", 119*10+119*10, r.stored("slo_events_total", matcher("region", "r001")))
}
