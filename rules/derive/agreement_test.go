package derive_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/slo"
)

// records keeps the engine's records in memory.
type records struct {
	mu sync.Mutex
	m  map[string]rules.Record
}

func (s *records) Load() (map[string]rules.Record, error) { return map[string]rules.Record{}, nil }

func (s *records) Save(put map[string]rules.Record, _ []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range put {
		s.m[k] = v
	}
	return nil
}

// TestEqualToEngine runs the engine over hours of counters from two Prometheis, with
// outages, pauses, late samples and a changed target, and compares its status after
// every tick with the series at the same slot.
func TestEqualToEngine(t *testing.T) {
	raw, ledger := openLedger(t, t.TempDir()), openLedger(t, t.TempDir())
	closeDB(t, raw)
	closeDB(t, ledger)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := at("2026-03-28 21:00:00") // the clock changes in 4 hours
	end := at("2026-03-29 04:00:00")
	o := served(0.99, slo.Rolling(30*24*time.Hour), slo.Window{Calendar: slo.Day, Zone: berlin, Length: 24 * time.Hour}, slo.Rolling(3*time.Hour))

	engine, err := rules.New(rules.Options{
		Raw: raw, Ledger: ledger, Store: &records{m: map[string]rules.Record{}}, SourceLabels: []string{"prometheus"},
		Now: func() time.Time { return time.UnixMilli(now) },
	})
	must(t, err)
	must(t, engine.LoadRecords())
	eu, journey := europe(0.95, o.Windows[0]), journeyOf(o)
	must(t, engine.Apply(context.Background(), []*slo.Objective{o, eu, journey}))
	must(t, engine.Restore(context.Background()))
	v, err := derive.New(ledger, derive.Options{Catalogue: engine.Catalogue, Now: func() int64 { return now }})
	must(t, err)

	type source struct {
		name    string
		counter map[string]float64
		held    []sample // sent a minute late, when their slots have closed
	}
	random := rand.New(rand.NewPCG(1, 2))
	sources := []*source{{name: "a", counter: map[string]float64{}}, {name: "b", counter: map[string]float64{}}}
	compared, composed, states := 0, 0, map[slo.State]int{}
	for step := 0; now < end; step++ {
		now += slotMs
		minute := step / 4
		if minute == 200 && step%4 == 0 {
			tighter := o.Clone()
			tighter.Target = 0.995
			must(t, engine.Apply(context.Background(), []*slo.Objective{tighter, eu, journey}))
		}
		for i, s := range sources {
			if i == 1 && minute > 100 && minute < 130 || minute > 300 && minute < 315 {
				continue // one is gone, later both
			}
			var batch []sample
			for _, region := range []string{"eu", "us"} {
				rate, errors := 20+random.IntN(10), 0
				switch {
				case minute > 330 && region == "us":
					rate = 0
				case minute > 60 && minute < 80 && region == "eu":
					errors = random.IntN(10)
				}
				s.counter[region+"200"] += float64(rate)
				s.counter[region+"500"] += float64(errors)
				for _, code := range []string{"200", "500"} {
					batch = append(batch, sample{
						labels.FromStrings(labels.MetricName, "requests_total", "region", region, "code", code, "prometheus", s.name),
						now - 3_000 + int64(i)*500, s.counter[region+code],
					})
				}
			}
			if random.IntN(20) == 0 {
				s.held = append(s.held, batch...)
				continue
			}
			if len(s.held) > 0 && random.IntN(6) == 0 {
				batch = append(batch, s.held...)
				s.held = nil
			}
			send(t, raw, engine, batch)
		}
		must(t, engine.Tick(context.Background(), now))
		if step%5 != 0 {
			continue
		}
		for _, status := range engine.Status() {
			// Of a silent source's scrapes that it still expects, the engine alone
			// knows; the ledger is told when the source is back.
			silent := minute >= 100 && minute < 132 || minute >= 300 && minute < 317
			if n := compare(t, v, status, !silent); n > 0 {
				compared += n
				states[status.State]++
				if status.Objective == journey {
					composed += n
				}
			}
		}
	}
	if compared < 10_000 || composed < 1_000 || states[slo.StateBurning] == 0 || states[slo.StateNoTraffic] == 0 || states[slo.StatePartial]+states[slo.StateOK] == 0 {
		t.Errorf("compared %d values, %d of a composite, in states %v: not what this test is for", compared, composed, states)
	}
	if n := len(selectAll(t, v, now-3_600_000, now, named("slo_late_events_total"))); n == 0 {
		t.Error("no sample was late")
	}
}

type sample struct {
	lset labels.Labels
	t    int64
	v    float64
}

func send(t *testing.T, raw storage.AppendableV2, engine *rules.Engine, batch []sample) {
	t.Helper()
	store, sink := raw.AppenderV2(context.Background()), engine.AppenderV2(context.Background())
	for _, s := range batch {
		_, err := store.Append(0, s.lset, 0, s.t, s.v, nil, nil, storage.AppendV2Options{})
		must(t, err)
	}
	must(t, store.Commit())
	for _, s := range batch {
		if ref := engine.Bind(s.lset, true); ref != 0 {
			_, err := sink.Append(ref, labels.EmptyLabels(), 0, s.t, s.v, nil, nil, storage.AppendV2Options{})
			must(t, err)
		}
	}
	must(t, sink.Commit())
}

// compare checks one budget's status against its series, and returns how many values
// both have; scrapes says whether to compare what depends on coverage. A status inside an open slot has no series yet.
func compare(t *testing.T, v *derive.View, s slo.Status, scrapes bool) (n int) {
	t.Helper()
	if s.TS == 0 {
		return 0
	}
	ms := []*labels.Matcher{matcher(labels.MetricName, labels.MatchRegexp, "slo_(error|burn|window|budget|objective).*")}
	s.Labels.Range(func(l labels.Label) { ms = append(ms, matcher(l.Name, labels.MatchEqual, l.Value)) })
	if s.Groups.IsEmpty() {
		ms = append(ms, matcher("region", labels.MatchEqual, ""))
	}
	have := selectAll(t, v, s.TS, s.TS, ms...)
	name := func(metric, label, value string) string {
		lb := labels.NewBuilder(s.Labels)
		lb.Set(labels.MetricName, metric)
		lb.Set(label, value)
		return lb.Labels().String()
	}
	check := func(metric, label, value string, want float64) {
		t.Helper()
		points := have[name(metric, label, value)]
		if len(points) != 1 || points[0] != (point{T: s.TS, V: want}) {
			t.Fatalf("%s at %s: want %v, have %v", name(metric, label, value), time.UnixMilli(s.TS).UTC(), want, points)
		}
		n++
	}
	if len(have[name("slo_window_coverage_ratio", "window", "30d")]) == 0 {
		return 0
	}
	for _, w := range s.Windows {
		window := w.Window.String()
		if w.Counts.Total > 0 {
			check("slo_error_ratio", "window", window, w.ErrorRatio)
		}
		check("slo_burn_rate", "window", window, w.BurnRate)
		if scrapes {
			check("slo_window_coverage_ratio", "window", window, w.Coverage)
		}
		check("slo_error_budget_remaining_ratio", "window", window, w.Remaining)
		check("slo_error_budget_remaining_events", "window", window, w.RemainingEvents)
		check("slo_error_budget_time_to_exhaustion_seconds", "window", window, w.TimeToExhaustion)
	}
	for _, p := range s.Pairs {
		check("slo_burn_rate", "window", slo.FormatDuration(p.Pair.Long), p.LongBurn)
		check("slo_burn_rate", "window", slo.FormatDuration(p.Pair.Short), p.ShortBurn)
	}
	if !scrapes {
		return n
	}
	for _, state := range slo.States {
		want := 0.
		if state == s.State {
			want = 1
		}
		check("slo_budget_state", "state", string(state), want)
	}
	return n
}

// served is an objective over requests_total by region.
func served(target float64, windows ...slo.Window) *slo.Objective {
	total := named("requests_total")
	return &slo.Objective{
		Service: "shop", Name: "served", Target: target, Windows: windows, Format: slo.FormatNative,
		SLI: slo.SLI{By: []string{"region"}, Births: slo.BirthsAuto, Terms: []slo.Term{
			{Matchers: []*labels.Matcher{total, matcher("code", labels.MatchRegexp, "5..")}, Bad: 1},
			{Matchers: []*labels.Matcher{total}, Total: 1},
		}},
		Rules: slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(windows[0]), RollUpAlerts: true,
	}
}

// europe is an objective of one region, over one window only.
func europe(target float64, w slo.Window) *slo.Objective {
	o := served(target, w)
	o.Name, o.SLI.By = "europe", nil
	for i := range o.SLI.Terms {
		o.SLI.Terms[i].Matchers = append(o.SLI.Terms[i].Matchers, matcher("region", labels.MatchEqual, "eu"))
	}
	return o
}

// journeyOf is a composite of an objective and of europe, over the first one's windows.
func journeyOf(o *slo.Objective) *slo.Objective {
	c := o.Clone()
	c.Name = "journey"
	c.SLI = slo.SLI{Members: []slo.Member{{Service: o.Service, Name: o.Name, Weight: 0.25}, {Service: o.Service, Name: "europe", Weight: 0.75}}}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
