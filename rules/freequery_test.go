package rules_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// freeQueue is an objective about the age of a queue, which no counter tells.
func freeQueue(t testing.TB, text string) *slo.Objective {
	t.Helper()
	q, err := bind.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	o := availability(0.99)
	o.Name, o.SLI = "queue", bind.Ratio(q).SLI
	if o.SLI.Query == nil {
		t.Fatalf("want a free query, have terms: %v", o.SLI.Terms)
	}
	return o
}

const (
	oldQueue = `max by (region) (avg_over_time(queue_age_seconds{job="shop"}[{{.window}}])) > bool 30`
	shares   = `max by (region) (max_over_time(queue_bad_share{job="shop"}[{{.window}}]))`
)

func queueAge(source, region string, ts int64, v float64) arrival {
	return queue("queue_age_seconds", source, region, ts, v)
}

func queue(name, source, region string, ts int64, v float64) arrival {
	return arrival{lset: labels.FromStrings(labels.MetricName, name, "job", "shop", "region", region, "prometheus", source), t: ts, v: v}
}

// TestFreeQuery_RestartEqualsNeverStopped kills the engine at random moments: every
// minute of event time is counted once, as if it had never stopped.
func TestFreeQuery_RestartEqualsNeverStopped(t *testing.T) {
	const steps = 45 * 4
	tell := func(crashes map[int]bool) map[string][]point {
		r := newRig(t, t0, freeQueue(t, oldQueue))
		defer r.close()
		for step := range steps {
			ts := t0 + int64(step)*15*second
			r.now = ts + 500
			age := 10.0
			if step > 60 && step < 120 {
				age = 60
			}
			batch := []arrival{queueAge("a", "eu", ts, 5)}
			if step < 80 || step > 100 { // one region is not seen for five minutes
				batch = append(batch, queueAge("a", "us", ts, age))
			}
			r.send(batch...)
			if crashes[step] {
				// Slots are closed, but the queries of the minute were not asked.
				r.must(r.engine.Tick(t.Context(), r.now))
				r.crash()
			}
			r.tick()
			if crashes[-step] {
				r.crash()
			}
		}
		return r.rows()
	}
	want := tell(nil)
	if len(want) == 0 {
		t.Fatal("want rows, have none")
	}
	checkFew(t, 4, func(rt *rapid.T) {
		crashes := map[int]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "crashes") {
			at := rapid.IntRange(8, steps-1).Draw(rt, "step")
			crashes[at*rapid.SampledFrom([]int{-1, 1}).Draw(rt, "how")] = true
		}
		if diff := cmp.Diff(want, tell(crashes)); diff != "" {
			rt.Fatalf("ledger (-never stopped +with crashes):\n%s", diff)
		}
	})
}

// TestFreeQuery_Backlog lets an hour arrive at once: every minute of it is asked, in
// event time, and the bad ones are those in which it was bad.
func TestFreeQuery_Backlog(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, shares))
	var all []arrival
	for ts := t0; ts <= t0+2*hour; ts += 15 * second {
		share := 0.0
		if ts > t0+30*minute && ts <= t0+40*minute {
			share = 0.25
		}
		all = append(all, queue("queue_bad_share", "a", "eu", ts, share))
	}
	r.now = t0 + 500
	r.send(all[0])
	r.tick()
	r.now = t0 + 2*hour + 500
	for len(all) > 0 {
		n := min(100, len(all))
		r.send(all[:n]...)
		r.tick()
		all = all[n:]
	}
	r.flush()
	// The last bad sample, at 40 min, is within five minutes of the minute that ends at 44.
	if want, have := 0.25*60*(10+4), r.stored("slo_bad_events_total", matcher("region", "eu")); want != have {
		t.Errorf("bad: want %g seconds, have %g", want, have)
	}
	if want, have := 60*121.0, r.stored("slo_events_total", matcher("region", "eu")); want != have {
		t.Errorf("total: want %g seconds, have %g", want, have)
	}
}

// TestFreeQuery_Sources asks each source on its own: one that lags holds nothing up.
func TestFreeQuery_Sources(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, shares))
	r.drive(t0, t0+30*minute, 15*second, func(ts int64) []arrival {
		batch := []arrival{queue("queue_bad_share", "a", "eu", ts, 0)}
		if ts <= t0+10*minute {
			batch = append(batch, queue("queue_bad_share", "b", "eu", ts, 1))
		}
		return batch
	})
	r.flush()
	for source, minutes := range map[string]float64{"a (promql)": 30, "b (promql)": 11} {
		total := r.stored("slo_events_total", matcher("region", "eu"), matcher("source", source))
		if want := 60 * minutes; want != total {
			t.Errorf("%s: want %g seconds, have %g", source, want, total)
		}
	}
	if want, have := 60*11.0, r.stored("slo_bad_events_total", matcher("region", "eu")); want != have {
		t.Errorf("bad: want %g seconds, have %g", want, have)
	}
}

// TestFreeQuery_Unobserved holds what says nothing to be nothing: no number, an
// infinite one, and no series.
func TestFreeQuery_Unobserved(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, `sum by (region) (rate(bad_total[{{.window}}])) / sum by (region) (max_over_time(all[{{.window}}])) unless queue_off`))
	r.drive(t0, t0+40*minute, 15*second, func(ts int64) []arrival {
		all := 0.0 // bad ÷ 0
		switch {
		case ts > t0+20*minute:
			all = 10
		case ts > t0+10*minute:
			all = math.NaN()
		}
		return []arrival{
			queue("bad_total", "a", "eu", ts, float64((ts-t0)/1000)),
			queue("all", "a", "eu", ts, all),
		}
	})
	r.flush()
	total, bad := r.stored("slo_events_total", matcher("region", "eu")), r.stored("slo_bad_events_total", matcher("region", "eu"))
	// From the minute after 20 on the rate is 1 of 10.
	if want := 60 * 19.0; total != want || math.Abs(bad-want/10) > 1e-6 {
		t.Errorf("want %g seconds and a tenth of them bad, have %g and %g", want, total, bad)
	}
}

// TestFreeQuery_Bounded lets a query ask for more than it may: that minute is
// unobserved, the status and a metric say why, and what is native is not concerned.
func TestFreeQuery_Bounded(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, oldQueue), availability(0.99))
	r.queries = query.Limits{Samples: 3}
	r.start()
	s := &shop{}
	r.drive(t0, t0+30*minute, 15*second, func(ts int64) []arrival {
		return append(s.scrape(ts, 10, 0), queueAge("a", "eu", ts, 60))
	})
	for _, st := range r.engine.Status() {
		if st.Objective.Name != "queue" {
			if st.State != slo.StatePartial || st.Windows[0].Counts.Total == 0 {
				t.Errorf("availability: want it counted, have %s and %v", st.State, st.Windows)
			}
			continue
		}
		if st.State != slo.StateNoData || st.Query == nil || st.Query.Err == "" || st.Query.TS == 0 || st.Query.Range != 5*time.Minute {
			t.Errorf("queue: want no data, and the query's error, have %s, %+v", st.State, st.Query)
		}
	}
	if want, have := 25.0, r.metric(`slowburn_query_failures_total{cause="samples"}`); have < want {
		t.Errorf("want %g failures at least, have %g", want, have)
	}
}

// TestFreeQuery_ReadsWhatIsKept binds the series that a query reads, so that they are
// kept and their source's time advances, and follows the slowest of their cadences.
func TestFreeQuery_ReadsWhatIsKept(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, oldQueue))
	if r.engine.Bind(queueAge("a", "eu", 0, 0).lset, true) == 0 {
		t.Error("want the series kept that the query reads")
	}
	if r.engine.Bind(labels.FromStrings(labels.MetricName, "queue_age_seconds", "job", "other"), true) != 0 {
		t.Error("want other series of the metric left")
	}
	r.drive(t0, t0+40*minute, 3*minute, func(ts int64) []arrival { return []arrival{queueAge("a", "eu", ts, 60)} })
	if st := r.engine.Status()[0]; st.Query.Range != 12*time.Minute {
		t.Errorf("want a range of four scrape intervals, 12m, have %s", st.Query.Range)
	}
	r.objectives = []*slo.Objective{availability(0.99)}
	r.must(r.engine.Apply(t.Context(), r.objectives))
	if r.engine.Bind(queueAge("a", "eu", 0, 0).lset, true) != 0 {
		t.Error("want nothing kept for a query that is gone")
	}
}

// TestFreeQuery_Reload changes what is asked while it runs: the counts add up over
// both generations, and the new query is asked from the reload on.
func TestFreeQuery_Reload(t *testing.T) {
	r := newRig(t, t0, freeQueue(t, shares))
	story := func(ts int64) []arrival { return []arrival{queue("queue_bad_share", "a", "eu", ts, 0.5)} }
	r.drive(t0, t0+20*minute, 15*second, story)
	r.objectives = []*slo.Objective{freeQueue(t, "2 * "+shares)}
	r.must(r.engine.Apply(t.Context(), r.objectives))
	r.drive(t0+20*minute, t0+40*minute, 15*second, story)
	r.crash()
	r.drive(t0+40*minute, t0+50*minute, 15*second, story)
	r.flush()
	if want, have := 60*50.0, r.stored("slo_events_total", matcher("region", "eu")); want != have {
		t.Errorf("total: want %g seconds, have %g", want, have)
	}
	if want, have := 60*(10+30.0), r.stored("slo_bad_events_total", matcher("region", "eu")); want != have {
		t.Errorf("bad: want %g seconds, have %g", want, have)
	}
}
