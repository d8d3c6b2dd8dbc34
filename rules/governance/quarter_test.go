package governance_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
	target = 0.999
)

// start is a Monday.
var start = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// quarter is 92 days of a service that the test makes up: how many events each minute
// had, how many of them were bad, and which releases were to blame for how many.
type quarter struct {
	total, bad     []float64 // by minute
	totalBy, badBy []float64 // up to each minute
	releases       []known
}

// known is a release whose true cost the generator knows.
type known struct {
	govern.Mark
	blame float64 // bad events
	end   int64   // of the time over which they fall, ms
}

// generate makes busy days and quiet nights, of which ever one event in 6,000 is bad
// whatever happens: m a ten minutes, where there are m × 6,000 events. Releases add
// their own; the last two of an evening follow each other within the hour.
func generate(seed uint64) *quarter {
	rng := rand.New(rand.NewPCG(seed, 7))
	q := &quarter{total: make([]float64, 92*24*60), bad: make([]float64, 92*24*60)}
	for i := range q.total {
		m := 1.0
		if h := i / 60 % 24; h >= 7 && h < 22 {
			m = 4
		}
		q.total[i] = 600 * m
		if i%10 < int(m) {
			q.bad[i] = 1
		}
	}
	for d := 2; d < 92; d++ {
		if d%7 >= 5 {
			continue // no releases at weekends
		}
		worst := 400
		if d >= 36 && d < 50 {
			worst = 16_000 // a bad fortnight
		}
		q.release(rng, int64(d)*day+10*hour, hour, "rollout", float64(rng.IntN(worst)))
		if d%3 == 0 {
			// A rollout and the fix that ends it after twenty minutes.
			q.release(rng, int64(d)*day+18*hour, 20*minute, "rollout", float64(rng.IntN(300)))
			q.release(rng, int64(d)*day+18*hour+20*minute, hour, "fix", float64(rng.IntN(20)))
		}
	}
	q.totalBy, q.badBy = running(q.total), running(q.bad)
	return q
}

func (q *quarter) release(rng *rand.Rand, at, length int64, kind string, blame float64) {
	m := govern.Mark{Service: "checkout", Version: fmt.Sprintf("v%d", len(q.releases)+1), TimeMS: start + at, Type: kind}
	q.releases = append(q.releases, known{m, blame, start + at + length})
	for range int(blame) {
		q.bad[(at+rng.Int64N(length))/minute]++
	}
}

// sum is what the generator counted over (from, to], given running totals.
func (q *quarter) sum(running []float64, from, to int64) float64 {
	return running[max(0, (to-start)/minute)] - running[max(0, (from-start)/minute)]
}

// running are the totals up to each minute.
func running(values []float64) []float64 {
	out := make([]float64, 1, len(values)+1)
	for i, v := range values {
		out = append(out, out[i]+v)
	}
	return out
}

var checkout = &slo.Objective{
	Service: "checkout", Name: "availability", Target: target, Owner: "team-payments", Tier: "critical", Format: slo.FormatNative,
	Windows: []slo.Window{slo.Rolling(30 * 24 * time.Hour)}, Policy: slo.DefaultPolicy(),
}

// ledger writes the quarter as the engine's ledger has it, a slot a minute.
func (q *quarter) ledger(t *testing.T) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.StripeSize, opts.WALSegmentSize = 1<<8, -1
	db, err := promtsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.DisableCompactions()
	lb := labels.NewBuilder(checkout.BudgetLabels(labels.EmptyLabels())).Set(slo.LabelGeneration, "1").Set(slo.LabelSource, "eu")
	names := []string{"slo_bad_events_total", "slo_events_total", "slo_scrapes_observed_total", "slo_scrapes_expected_total"}
	refs := make([]storage.SeriesRef, len(names))
	// A commit a day: reading a series looks through all that one commit appended to it.
	for d := 0; d < len(q.total); d += 24 * 60 {
		app := db.AppenderV2(context.Background())
		for i := d; i < d+24*60; i++ {
			scrapes := 4 * float64(i+1)
			for k, v := range []float64{q.badBy[i+1], q.totalBy[i+1], scrapes, scrapes} {
				lset := lb.Set(labels.MetricName, names[k]).Labels()
				if refs[k], err = app.Append(refs[k], lset, 0, start+int64(i+1)*minute, v, nil, nil, storage.AppendV2Options{}); err != nil {
					t.Fatalf("append minute %d of %s: %v", i, names[k], err)
				}
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// status is the budget at now as the generator counts it.
func (q *quarter) status(now int64) slo.Status {
	w := checkout.Windows[0]
	c := slo.Counts{Bad: q.sum(q.badBy, w.Start(now, time.Minute), now), Total: q.sum(q.totalBy, w.Start(now, time.Minute), now), Observed: 1, Expected: 1}
	return slo.Status{
		Objective: checkout, Labels: checkout.BudgetLabels(labels.EmptyLabels()), TS: now, State: slo.StateOK,
		Windows: []slo.WindowStatus{{Window: w, Counts: c, Remaining: c.Remaining(target), RemainingEvents: c.RemainingEvents(target), Coverage: 1}},
	}
}

// memory is a store that lasts as long as the test.
type memory struct {
	records map[string]governance.Record
	fail    error
}

func (m *memory) Load() (map[string]governance.Record, error) { return m.records, m.fail }
func (m *memory) Save(put map[string]governance.Record, del []string) error {
	if m.fail != nil {
		return m.fail
	}
	for _, k := range del {
		delete(m.records, k)
	}
	for k, r := range put {
		m.records[k] = r
	}
	return nil
}

// TestAQuarter replays a quarter with known releases hour by hour: every cost, the
// forecast, the policy's way and the gate's answers equal what the generator knows.
func TestAQuarter(t *testing.T) {
	q := generate(11)
	view, err := derive.New(q.ledger(t), derive.Options{Slot: time.Minute, Catalogue: catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	now := start
	book, err := governance.New(governance.Options{
		Store: &memory{records: map[string]governance.Record{}}, Slot: time.Minute, Now: func() time.Time { return time.UnixMilli(now) },
		Objectives: func() []*slo.Objective { return []*slo.Objective{checkout} },
		Statuses:   func() []slo.Status { return []slo.Status{q.status(now)} },
		Counts:     governance.CountsOf(view, time.Minute), Settings: governance.DefaultSettings,
		Events: func(context.Context, *slo.Objective, []*labels.Matcher, int64, int64) (slo.Counts, error) {
			return slo.Counts{}, nil
		},
		Raw: nothing{},
	})
	if err != nil {
		t.Fatal(err)
	}
	marked, walked := 0, ""
	state := slo.PolicyState("")
	for now = start + hour; now <= start+92*day; now += 20 * minute {
		for marked < len(q.releases) && q.releases[marked].TimeMS <= now {
			r := q.releases[marked]
			if _, created, err := book.Mark(t.Context(), r.Mark, govern.Author{Name: "ci"}); err != nil || !created {
				t.Fatalf("mark %v: created %t, %v", r.Mark, created, err)
			}
			marked++
		}
		if err := book.Observe(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The policy's way, by rules written a second time.
		spent := 1 - q.status(now).Windows[0].Remaining
		if next := stroll(state, spent); next != state {
			state = next
			walked += fmt.Sprintf("%s at %.4f, ", next, spent)
		}
	}
	now = start + 92*day

	policy := book.Policies("checkout", "")[0]
	have := ""
	for _, c := range policy.Changes {
		have += fmt.Sprintf("%s at %.4f, ", c.State, float64(c.SpentRatio))
	}
	if have != walked || len(policy.Changes) < 4 {
		t.Errorf("policy:\nwant %s\nhave %s", walked, have)
	}
	q.compareCosts(t, book)
	q.compareForecasts(t, book)
	t.Logf("%d releases, policy %s", len(q.releases), have)
}

// stroll is the default policy once more.
func stroll(state slo.PolicyState, spent float64) slo.PolicyState {
	type band struct {
		state     slo.PolicyState
		up, leave float64
	}
	next := slo.PolicyHealthy
	order := map[slo.PolicyState]int{"": 0, "healthy": 0, "watch": 1, "guarded": 2, "frozen": 3}
	for i, b := range []band{{"watch", 0.5, 0.45}, {"guarded", 0.75, 0.70}, {"frozen", 1, 0.95}} {
		if spent >= b.up || order[state] > i && spent >= b.leave {
			next = b.state
		}
	}
	return next
}

func (q *quarter) compareCosts(t *testing.T, book *governance.Book) {
	t.Helper()
	byID := map[string]govern.Release{}
	for page, next := book.Releases(govern.ReleaseQuery{Limit: 50}); len(page) > 0; page, next = book.Releases(govern.ReleaseQuery{Limit: 50, Before: next}) {
		for _, r := range page {
			byID[r.Version] = r
		}
		if next == "" {
			break
		}
	}
	if len(byID) != len(q.releases) {
		t.Errorf("want %d releases in all pages, have %d", len(q.releases), len(byID))
	}
	for _, want := range q.releases {
		have := byID[want.Version]
		if len(have.Costs) != 1 || have.Costs[0].State != govern.CostFinal {
			t.Errorf("%s: want its cost final, have %+v", want.Version, have.Costs)
			continue
		}
		c := have.Costs[0]
		if c.StartMS != want.TimeMS || c.EndMS != want.end {
			t.Errorf("%s: want it watched over (%d, %d], have (%d, %d]", want.Version, want.TimeMS, want.end, c.StartMS, c.EndMS)
		}
		if !near(float64(c.ExcessEvents), want.blame) || float64(c.BadEvents) != q.sum(q.badBy, c.StartMS, c.EndMS) || float64(c.TotalEvents) != q.sum(q.totalBy, c.StartMS, c.EndMS) {
			t.Errorf("%s: want %g bad events for it, have %+v", want.Version, want.blame, c)
		}
		if !near(float64(c.BudgetRatio), want.blame/q.budget(want.end)) {
			t.Errorf("%s: want %g of the budget, have %g", want.Version, want.blame/q.budget(want.end), float64(c.BudgetRatio))
		}
	}
}

// budget is how many bad events the 30 days before ts allow. In the first month, that
// what was not observed is like what was.
func (q *quarter) budget(ts int64) float64 {
	from := checkout.Windows[0].Start(ts, time.Minute)
	allowed := (1 - target) * q.sum(q.totalBy, from, ts)
	if from < start {
		allowed *= float64(ts-from) / float64(ts-start)
	}
	return allowed
}

func (q *quarter) compareForecasts(t *testing.T, book *governance.Book) {
	t.Helper()
	for _, kind := range []string{"rollout", "fix"} {
		var costs []float64
		for _, r := range slices.Backward(q.releases) {
			if r.Type == kind && len(costs) < 100 {
				costs = append(costs, r.blame/q.budget(r.end))
			}
		}
		slices.SortFunc(costs, cmp.Compare)
		f := book.Forecasts("checkout", kind)[0]
		// Half of all cost no more than the median, nine of ten no more than the 90th.
		median, p90 := costs[(len(costs)+1)/2-1], costs[(9*len(costs)+9)/10-1]
		if f.Basis != govern.BasisType || f.Releases != len(costs) || !near(float64(f.MedianRatio), median) || !near(float64(f.P90Ratio), p90) {
			t.Errorf("%s: want median %g and p90 %g of %d, have %+v", kind, median, p90, len(costs), f)
		}
	}
	if f := book.Forecasts("checkout", "migration")[0]; f.Basis != govern.BasisService || f.Releases != 100 {
		t.Errorf("a type never seen rests on all releases: have %+v", f)
	}
}

func near(have, want float64) bool { return math.Abs(have-want) <= 1e-9*max(1, math.Abs(want)) }

func catalogue() func() []*slo.Budget {
	all := []*slo.Budget{{
		Objective: checkout, Labels: checkout.BudgetLabels(labels.EmptyLabels()),
		Versions:    []slo.Version{{From: start, Target: target}},
		Generations: []slo.Generation{{ID: "1", From: math.MinInt64, To: math.MaxInt64}},
	}}
	return func() []*slo.Budget { return all }
}

// nothing is a storage without samples.
type nothing struct{}

func (nothing) Querier(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil }
