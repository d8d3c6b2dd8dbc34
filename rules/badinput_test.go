package rules_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestBadInput_FallsForNoReason: two targets write one series, so that it falls at every
// other scrape. Each fall counts as a reset, which is all that can be known, and the
// budget says why that is not to be believed, until the series behaves again.
func TestBadInput_FallsForNoReason(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	want, last := 0.0, 0.0
	scrape := func(i int64, v float64) {
		ts := t0 + i*15_000
		if i > 0 {
			if v < last {
				want += v
			} else {
				want += v - last
			}
		}
		last = v
		r.now = ts + 500
		r.send(arrival{lset: requests("200", "i1"), t: ts, v: v}, arrival{lset: requests("200", "i2"), t: ts, v: float64(i)})
		if i > 0 {
			want++
		}
		r.tick()
	}
	for i := range int64(40) {
		scrape(i, float64([]int64{1000, 10}[i%2]+i))
	}
	if why := r.status().Reason; !strings.Contains(why, `instance="i1"`) || strings.Contains(why, `instance="i2"`) || !strings.Contains(why, "falls again and again") {
		t.Errorf("want the series named that falls, have %q", why)
	}
	near(t, "unsteady series", 1, r.metric("slowburn_engine_unsteady_series"))
	for i := range int64(20) {
		scrape(40+i, float64(5000+i))
	}
	if why := r.status().Reason; why != "" {
		t.Errorf("want nothing said of what is over, have %q", why)
	}
	r.flush()
	near(t, "events", want, r.stored("slo_events_total"))
}

// TestBadInput_ResetsThatAreTold: a target that restarts all the time, and says so by
// start timestamps, is no riddle.
func TestBadInput_ResetsThatAreTold(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival {
		return []arrival{{lset: requests("200", "i1"), t: ts, st: ts - 5000, v: 100 - float64((ts-t0)/15_000)}}
	})
	if why := r.status().Reason; why != "" {
		t.Errorf("want nothing said, have %q", why)
	}
}

// TestBadInput_SelectsEverything: an objective counts whatever there is, be it counter,
// gauge, histogram or no number at all. Counters are right, groups stay within the limit,
// and what is no counter is named.
func TestBadInput_SelectsEverything(t *testing.T) {
	def := availability(0.999, "instance")
	def.SLI.Terms = []slo.Term{
		{Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+"), labels.MustNewMatcher(labels.MatchRegexp, "code", "5..")}, Bad: 1},
		{Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+")}, Total: 1},
	}
	r := newRig(t, t0, def)
	r.limit = 3
	r.start()
	other := func(name, instance string) labels.Labels {
		return labels.FromStrings(labels.MetricName, name, "instance", instance, "job", "shop", "prometheus", "a")
	}
	shop := &shop{}
	r.drive(t0, t0+10*minute, 15*second, func(ts int64) []arrival {
		i := (ts - t0) / 15_000
		all := append(shop.scrape(ts, 9, 1),
			arrival{lset: other("temperature", "gauge"), t: ts, v: 20 + float64(i%2)},
			arrival{lset: other("nothing", "nan"), t: ts, v: math.NaN()},
			arrival{lset: labels.FromStrings("instance", "nameless", "prometheus", "a", labels.MetricName, "x"), t: ts, v: 1},
		)
		for _, n := range []string{"a", "b", "c", "d"} {
			all = append(all, arrival{lset: other("some_total", n), t: ts, v: float64(i)})
		}
		if i == 20 {
			r.crash()
		}
		return all
	})
	if why := r.reason("availability"); !strings.Contains(why, "temperature") {
		t.Errorf("want the gauge named, have %q", why)
	}
	r.flush()
	whole := matcher("instance", "")
	// 40 scrapes: 39 times 9+1 of the shop, 1 each of a to d, and what the gauge seems to count.
	bad, total := r.stored("slo_bad_events_total", whole), r.stored("slo_events_total", whole)
	near(t, "bad", 39, bad)
	gauge := 20.0 + 19*21 // up by 1 20 times, down to 20 19 times
	near(t, "total", 39*10+39*4+gauge-19, total)
	if n := len(r.engine.Status()); n > 1+3+1 {
		t.Errorf("want the roll-up, three groups and the overflow, have %d budgets", n)
	}
}

// TestBadInput_NoNumbers: series that never have a number for a value are no data, and
// that is said.
func TestBadInput_NoNumbers(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	r.drive(t0, t0+5*minute, 15*second, func(ts int64) []arrival {
		return []arrival{{lset: requests("200", "i1"), t: ts, v: math.NaN()}, {lset: requests("500", "i1"), t: ts, v: math.Inf(1)}}
	})
	if s := r.status(); s.State != slo.StateNoData || s.Reason != "none of its series had a number for a value yet" {
		t.Errorf("want no-data and why, have %s: %q", s.State, s.Reason)
	}
	near(t, "left out", 40, r.metric("slowburn_engine_invalid_samples_total"))
}

// TestBadInput_TwoCadencesOfOneTarget: of one target some series come each 15 s and some
// each minute. All is counted, all of it was expected, and a birth among them is one.
func TestBadInput_TwoCadencesOfOneTarget(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	fast, slow := 0.0, 0.0
	r.drive(t0, t0+30*minute, 15*second, func(ts int64) []arrival {
		fast += 10
		all := []arrival{{lset: requests("200", "i1"), t: ts, v: fast}}
		if (ts-t0)%minute == 0 {
			slow += 2
			all = append(all, arrival{lset: requests("404", "i1"), t: ts, v: slow})
			if ts >= t0+10*minute {
				all = append(all, arrival{lset: requests("500", "i1"), t: ts, v: 3})
			}
		}
		if ts == t0+20*minute {
			r.crash()
		}
		return all
	})
	r.flush()
	near(t, "bad", 3, r.stored("slo_bad_events_total"))
	near(t, "total", 119*10+29*2+3, r.stored("slo_events_total"))
	near(t, "observed", 120+30+20, r.stored("slo_scrapes_observed_total"))
	// Three quarters of a minute after the last scrape of the two slow ones.
	near(t, "expected", 120+30+20+2*0.75, r.stored("slo_scrapes_expected_total"))
	near(t, "late", 0, r.stored("slo_late_events_total"))
}
