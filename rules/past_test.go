package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// newcomer is an objective that comes while another has been reading the same series.
func newcomer(sli slo.SLI) *slo.Objective {
	o := availability(0.99, sli.By...)
	o.Name, o.SLI = "newcomer", sli
	return o
}

func countingPasts(o *rules.Options) { o.CountPast = true }

// countPasts does what serve does: it replays the raw samples into rows of a generation
// of their own, and lets the engine take it.
func (r *rig) countPasts(generation string) (counted int) {
	r.t.Helper()
	pasts := r.engine.Pasts()
	if len(pasts) == 0 {
		return 0
	}
	opts := replay.Options{Start: t0 - 15_000, End: pasts[0].Until, SourceLabels: []string{"cluster", "prometheus"}, Records: map[string]rules.Record{}}
	for _, p := range pasts {
		opts.Objectives = append(opts.Objectives, p.Objective)
		opts.Records["objective/"+p.Objective.ID()] = rules.Record{Objective: &rules.ObjectiveRecord{
			Meaning: p.Objective.Meaning(), Since: opts.Start, Generations: []slo.Generation{{ID: generation, From: -1 << 62, To: 1 << 62}},
		}}
	}
	app := r.ledger.AppenderV2(r.t.Context())
	opts.Rows = func(_ storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
		if lset.Get(slo.LabelGeneration) != generation || t > opts.End {
			return nil
		}
		_, err := app.Append(0, lset, 0, t, v, nil, nil, storage.AppendV2Options{})
		return err
	}
	opts.Progress = r.engine.ShowPast
	_, err := replay.Run(r.t.Context(), r.raw, opts)
	r.must(err)
	r.must(app.Commit())
	r.must(r.engine.TakePast(r.t.Context(), pasts, generation))
	return len(pasts)
}

// TestPast_EqualsHavingBeenThere: a newcomer has, once its past is counted, what the
// objective has that was there all along, in every window, whatever the SLI, with a
// source that lags, resets, births, and kills in between.
func TestPast_EqualsHavingBeenThere(t *testing.T) {
	checkFew(t, 8*oracleShare, func(rt *rapid.T) {
		interval := rapid.SampledFrom([]int64{5, 15, 30}).Draw(rt, "interval")
		comes := rapid.Int64Range(300, 1200).Draw(rt, "comes at")
		kills := map[int64]bool{}
		for range rapid.IntRange(0, 3).Draw(rt, "kills") {
			kills[rapid.Int64Range(0, 2000).Draw(rt, "kill")/interval] = true
		}
		old := availability(0.999)
		if rapid.Bool().Draw(rt, "grouped") {
			old = availability(0.999, "instance")
		}
		switch rapid.SampledFrom([]string{"events", "good", "slices", "gauge"}).Draw(rt, "SLI") {
		case "good":
			old.SLI.Terms = []slo.Term{{Matchers: old.SLI.Terms[1].Matchers, Bad: 1, Total: 1}, {Matchers: append(slices.Clone(old.SLI.Terms[1].Matchers), matcher("code", "200")), Bad: -1}}
		case "slices":
			old.SLI.Slice = slo.Slice{Length: time.Minute, MaxBad: 0.4}
		case "gauge":
			for i := range old.SLI.Terms {
				old.SLI.Terms[i].Kind, old.SLI.Terms[i].Op, old.SLI.Terms[i].Threshold = slo.GaugeSlices, "==", 0
			}
			old.SLI.Terms[1].Op = ""
		}
		old.SLI.Births = rapid.SampledFrom([]slo.Births{slo.BirthsAuto, slo.BirthsZero}).Draw(rt, "births")
		r := newRig(t, t0, old)
		defer r.close()
		r.amend = countingPasts
		r.start()
		counters := map[string]float64{}
		born := map[string]int64{"i1": rapid.Int64Range(60, 1800).Draw(rt, "born"), "i2": rapid.Int64Range(60, 1800).Draw(rt, "born")}
		came, atStart := false, rapid.Bool().Draw(rt, "comes at a start")
		// A second source is sent what it scrapes a while later.
		lag := rapid.SampledFrom([]int64{0, 20, 100, 240}).Draw(rt, "lag")
		var behind []arrival
		for sec := int64(0); sec < 2000; sec += interval {
			r.now = t0 + sec*1000 + 500
			if sec >= comes && !came {
				came = true
				r.objectives = append(r.objectives, newcomer(old.SLI))
				if atStart {
					r.crash()
				} else {
					r.must(r.engine.Apply(t.Context(), r.objectives))
				}
				if why := r.reason("newcomer"); !strings.HasPrefix(why, "history: 0 %") {
					rt.Fatalf("want it said that the past is waited for, have %q", why)
				}
			}
			if kills[sec/interval] {
				r.crash()
			}
			var batch []arrival
			for _, inst := range []string{"i1", "i2"} {
				for _, code := range []string{"200", "500"} {
					key := inst + code
					if code == "500" && sec < born[inst] {
						continue
					}
					counters[key] += float64(rapid.IntRange(0, 9).Draw(rt, "more"))
					if rapid.IntRange(0, 60).Draw(rt, "reset") == 0 {
						counters[key] = 0
					}
					batch = append(batch, arrival{lset: requests(code, inst), t: t0 + sec*1000, v: counters[key]})
				}
			}
			r.send(batch...)
			for i := range batch {
				other := batch[i]
				other.lset = labels.NewBuilder(other.lset).Set("prometheus", "b").Labels()
				other.at = other.t + lag*1000
				behind = append(behind, other)
			}
			if n := slices.IndexFunc(behind, func(a arrival) bool { return a.at > r.now }); n != 0 {
				if n < 0 {
					n = len(behind)
				}
				r.send(behind[:n]...)
				behind = behind[n:]
			}
			r.tick()
			if came && r.countPasts("b1") > 0 && r.metric("slowburn_history_objectives_waiting") != 0 {
				rt.Fatal("it still waits")
			}
		}
		r.now += lag * 1000
		r.send(behind...)
		r.flush()
		if err := r.sameBudgets("availability", "newcomer"); err != nil {
			rt.Fatal(err)
		}
		r.crash()
		if err := r.sameBudgets("availability", "newcomer"); err != nil {
			rt.Fatalf("after the kill: %v", err)
		}
	})
}

func (r *rig) reason(name string) string {
	for _, st := range r.engine.Status() {
		if st.Objective.Name == name {
			return st.Reason
		}
	}
	return ""
}

// sameBudgets compares what two objectives count, in every window and group, and in the
// ledger.
func (r *rig) sameBudgets(a, b string) error {
	budgets := map[string]slo.Status{}
	for _, st := range r.engine.Status() {
		budgets[st.Objective.Name+st.Groups.String()] = st
	}
	for key, want := range budgets {
		groups, is := strings.CutPrefix(key, a)
		if !is {
			continue
		}
		have, ok := budgets[b+groups]
		if !ok || len(have.Windows) != len(want.Windows) {
			return fmt.Errorf("%s: want what %s has, have %+v", groups, a, have)
		}
		for i, w := range want.Windows {
			if w.Counts != have.Windows[i].Counts {
				return fmt.Errorf("%s over %s: want %+v, have %+v", groups, w.Window, w.Counts, have.Windows[i].Counts)
			}
		}
	}
	for _, name := range []string{"slo_events_total", "slo_bad_events_total"} {
		if want, have := r.stored(name, matcher("slo", a)), r.stored(name, matcher("slo", b)); want != have {
			return fmt.Errorf("%s: want %g, have %g", name, want, have)
		}
	}
	return nil
}

// TestPast_BackfilledMeanwhile: a past that `slowburn backfill` has brought is not
// counted from raw samples as well, which may reach back less far.
func TestPast_BackfilledMeanwhile(t *testing.T) {
	o := availability(0.999)
	r := &rules.ObjectiveRecord{Meaning: o.Meaning(), Until: t0 + hour, Generations: []slo.Generation{{ID: "1", From: t0 + hour, To: 1 << 62}}}
	if have := r.Backfilled(o, rules.BackfilledGeneration(3), t0-24*hour, t0); have.Until != 0 || have.Generations[1].From != t0 {
		t.Errorf("want it to wait no more and to go on from the backfill's end, have %+v", have)
	}
}

// TestPast_ChangedWhileItWaits: what is asked anew is counted anew; without raw samples
// there is nothing to wait for; and what was there already keeps its ledger.
func TestPast_ChangedWhileItWaits(t *testing.T) {
	r := newRig(t, t0, availability(0.999))
	r.amend = countingPasts
	r.start()
	b := &backlog{r: r}
	scrape := func(from, to int64) {
		for sec := from; sec < to; sec += 15 {
			r.now = t0 + sec*1000 + 500
			b.scrape(t0+sec*1000, false)
			b.deliver(1)
			r.tick()
		}
	}
	scrape(0, 600)
	n := newcomer(availability(0.99).SLI)
	other := newcomer(availability(0.99).SLI)
	other.Name = "unknown"
	other.SLI.Terms = []slo.Term{{Matchers: []*labels.Matcher{matcher(labels.MetricName, "nobody_sends_this")}, Total: 1}}
	r.objectives = append(r.objectives, n, other)
	r.must(r.engine.Apply(t.Context(), r.objectives))
	if want, have := 1.0, r.metric("slowburn_history_objectives_waiting"); want != have {
		t.Fatalf("want %g waiting, have %g", want, have)
	}
	scrape(600, 660)
	changed := newcomer(availability(0.99).SLI)
	changed.SLI.Terms = changed.SLI.Terms[1:] // total alone
	r.objectives = []*slo.Objective{r.objectives[0], changed, other}
	r.must(r.engine.Apply(t.Context(), r.objectives))
	counted := 0
	for sec := int64(660); sec < 1200; sec += 15 {
		scrape(sec, sec+15)
		counted += r.countPasts("b1")
	}
	r.flush()
	if counted != 1 {
		t.Errorf("want one past counted, have %d", counted)
	}
	var want, have float64
	for _, st := range r.engine.Status() {
		switch st.Objective.Name {
		case "availability":
			want = st.Windows[0].Counts.Total
		case "newcomer":
			have = st.Windows[0].Counts.Total
		}
	}
	if want == 0 || want != have {
		t.Errorf("want %g events, have %g", want, have)
	}
}
