package replay_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

var month = slo.Rolling(30 * 24 * time.Hour)

func run(t testing.TB, past storage.Queryable, o replay.Options) *replay.Result {
	t.Helper()
	o.SourceLabels = []string{"cluster", "prometheus"}
	res, err := replay.Run(context.Background(), past, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func open(t testing.TB, dir string) *replay.Dir {
	t.Helper()
	past, err := replay.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := past.Close(); err != nil {
			t.Error(err)
		}
	})
	return past
}

// TestOutage replays two hours of a total outage after a day without fault: the fast
// pair pages first, and what it prints is what happened.
func TestOutage(t *testing.T) {
	from, to := t0+24*60*minute, t0+26*60*minute
	samples := shop("cart", 30, func(t int64) float64 {
		if t > from && t <= to {
			return 10
		}
		return 0
	})
	past := open(t, writeTSDB(t, samples))
	res := run(t, past, replay.Options{Objectives: []*slo.Objective{availability("cart", 0.999, month)}, Start: t0, End: t0 + 30*60*minute})

	if len(res.Alerts) == 0 {
		t.Fatal("want alerts, have none")
	}
	page := res.Alerts[0]
	if want := (slo.Pair{Long: time.Hour, Short: 5 * time.Minute, Factor: 14.4}); page.Severity != "page" || page.Pair != want {
		t.Errorf("want a page of %v, have %s of %v", want, page.Severity, page.Pair)
	}
	if page.Onset != from {
		t.Errorf("want onset %d, have %d", from, page.Onset)
	}
	// SRE Workbook: a total outage at 99.9 % pages after 52 s (1.44 % of an hour), so
	// with the fourth scrape.
	if want, have := minute, page.FiredAt-page.Onset; have != want {
		t.Errorf("want the page after %d ms, have %d", want, have)
	}
	if page.ResolvedAt <= to || page.ResolvedAt > to+35*minute {
		t.Errorf("want the page resolved within 35 min of the outage's end, have %d min", (page.ResolvedAt-to)/minute)
	}
	pages := 0
	for _, a := range res.Alerts {
		if a.Severity == "page" {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("want 1 page, have %d: %v", pages, res.Alerts)
	}
	bad, total := bruteForce(samples, "cart", t0, t0+30*60*minute)
	w := res.Budgets[0].Windows[0]
	if w.Counts.Bad != bad || w.Counts.Total != total {
		t.Errorf("want %g of %g bad, have %g of %g", bad, total, w.Counts.Bad, w.Counts.Total)
	}
	if want := slo.StatePartial; res.Budgets[0].State != want && res.Budgets[0].State != slo.StateBurning {
		t.Errorf("want %s, have %s", want, res.Budgets[0].State)
	}
}

// TestBudgetsEqualBruteForce replays hostile series and compares every budget at the
// end with the plain sum of increments, for windows inside and beyond the stretch,
// with one lane and with several.
func TestBudgetsEqualBruteForce(t *testing.T) {
	samples := hostile(rand.New(rand.NewPCG(1, 2)), 6, 14)
	past := open(t, writeTSDB(t, samples))
	start, end := t0+2*60*minute, t0+14*60*minute
	var objectives []*slo.Objective
	for i := range 6 {
		o := availability(fmt.Sprintf("s%d", i), 0.99, slo.Rolling(24*time.Hour), []string{"instance"}[:i%2]...)
		o.Windows = append(o.Windows, slo.Rolling(6*time.Hour), slo.Window{Calendar: slo.Day, Length: 24 * time.Hour})
		o.SLI.Births = slo.BirthsZero
		objectives = append(objectives, o)
	}
	one := run(t, past, replay.Options{Objectives: objectives, Start: start, End: end, Lanes: 1})
	for _, b := range one.Budgets {
		for _, w := range b.Windows {
			bad, total := 0.0, 0.0
			for _, inc := range increments(samples, b.Objective.Service, b.Groups.Get("instance")) {
				if inc.t > max(start, w.Start) && inc.t <= end {
					total += inc.v
					if inc.bad {
						bad += inc.v
					}
				}
			}
			if w.Counts.Bad != bad || w.Counts.Total != total {
				t.Errorf("%s%s over %s: want %g of %g bad, have %g of %g", b.Objective.ID(), b.Groups, w.Window, bad, total, w.Counts.Bad, w.Counts.Total)
			}
		}
	}
	if len(one.Budgets) < 6 || one.Samples == 0 {
		t.Fatalf("want 6 budgets and more, have %d of %d samples", len(one.Budgets), one.Samples)
	}
	for _, lanes := range []int{2, 3} {
		several := run(t, past, replay.Options{Objectives: objectives, Start: start, End: end, Lanes: lanes})
		if diff := gocmp.Diff(brief(one), brief(several)); diff != "" {
			t.Errorf("%d lanes (-one +several):\n%s", lanes, diff)
		}
	}
}

// brief is what a result says, for comparison.
func brief(r *replay.Result) []string {
	var out []string
	for _, a := range r.Alerts {
		out = append(out, fmt.Sprintf("%s %s %v onset %d fired %d resolved %d burn %g left %g", a.Labels, a.Severity, a.Pair, a.Onset-t0, a.FiredAt-t0, a.ResolvedAt, a.Burn, a.Remaining))
	}
	for _, b := range r.Budgets {
		out = append(out, fmt.Sprintf("%s%s %s at %d", b.Objective.ID(), b.Groups, b.State, b.TS))
		for _, w := range b.Windows {
			out = append(out, fmt.Sprintf("  %s %+v left %g", w.Window, w.Counts, w.Remaining))
		}
	}
	return out
}

type increment struct {
	t   int64
	v   float64
	bad bool
}

// increments are all true increments of a service, or of one instance of it.
func increments(samples []written, service, instance string) []increment {
	series := map[string][]written{}
	for _, s := range samples {
		if s.lset.Get("service") == service && (instance == "" || s.lset.Get("instance") == instance) {
			series[s.lset.String()] = append(series[s.lset.String()], s)
		}
	}
	var out []increment
	for _, ss := range series {
		slices.SortFunc(ss, func(a, b written) int { return cmp.Compare(a.t, b.t) })
		for i := 1; i < len(ss); i++ {
			v := ss[i].v - ss[i-1].v
			if v < 0 {
				v = ss[i].v
			}
			out = append(out, increment{ss[i].t, v, ss[i].lset.Get("code") == "500"})
		}
	}
	return out
}

func bruteForce(samples []written, service string, start, end int64) (bad, total float64) {
	for _, inc := range increments(samples, service, "") {
		if inc.t > start && inc.t <= end {
			total += inc.v
			if inc.bad {
				bad += inc.v
			}
		}
	}
	return bad, total
}

// hostile is hours of services with resets, gaps, churn and outages, whose targets
// are scraped at different offsets and intervals; some services share a target.
func hostile(r *rand.Rand, services int, hours int64) []written {
	var out []written
	for i := range services {
		for k := range 3 {
			interval := []int64{5_000, 15_000, 30_000}[r.IntN(3)]
			offset := r.Int64N(interval)
			instance := fmt.Sprintf("i%d-%d", i/2, k)
			born, dies := int64(0), hours*60*minute
			if k == 2 {
				born = r.Int64N(hours * 30 * minute)
				dies = born + r.Int64N(hours*30*minute)
			}
			down := r.Int64N(hours * 60 * minute)
			good, bad := 0.0, 0.0
			for t := t0 + offset + 1; t <= t0+hours*60*minute; t += interval {
				at := t - t0
				if at < born || at > dies || r.IntN(50) == 0 {
					continue
				}
				if r.IntN(500) == 0 {
					good, bad = 0, 0
				}
				good += float64(r.IntN(30))
				if at > down && at < down+20*minute || r.IntN(100) == 0 {
					bad += float64(r.IntN(20))
				}
				out = append(out, written{requests(fmt.Sprintf("s%d", i), "200", instance), t, good}, written{requests(fmt.Sprintf("s%d", i), "500", instance), t, bad})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b written) int { return cmp.Compare(a.t, b.t) })
	return out
}
