package main

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slowburn/slowburn/rules/scenario"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/scenarios"
)

// TestScenarios tells every story of testdata/scenarios to the whole program: a process
// that is sent the samples by remote write as they arrive, and asked over its API. The
// answers are those that the engine gives alone (rules, TestScenarios).
func TestScenarios(t *testing.T) {
	scenarios.Each(t, func(t *testing.T, s *scenarios.Scenario) {
		t.Parallel()
		tell(t, s)
	})
}

// tell moves the clock from slot to slot, where the metronome beats if something came, or
// a minute has passed, and over every arrival and every look at the alerts in between.
func tell(t *testing.T, s *scenarios.Scenario) {
	c := startClocked(t, s.SLO, scenarios.Start)
	killAt := scenarios.Start + s.End/2
	// Slots are due 10 s after their end.
	for now := scenarios.Start + 10_000; now <= scenarios.Start+s.End+60_000; now += 15_000 {
		s.Expects = slices.DeleteFunc(s.Expects, func(x scenario.Expect) bool {
			if x.Firing == nil || scenarios.Start+x.At > now {
				return false
			}
			c.arrive(s, scenarios.Start+x.At)
			c.checkFiring(&x)
			return true
		})
		something := c.arrive(s, now)
		if now > killAt {
			killAt = math.MaxInt64
			c.kill()
			c.start(now)
			something = true
		}
		if !something && now%60_000 != 10_000 {
			continue
		}
		c.beat(now)
		s.Expects = slices.DeleteFunc(s.Expects, func(x scenario.Expect) bool { return c.checkFigure(&x, now) })
	}
	for _, x := range s.Expects {
		t.Errorf("never evaluated at that time: %v", x.Ref)
	}
}

// arrive sends all that arrives up to now, each when it does, and says whether it was
// anything.
func (c *clocked) arrive(s *scenarios.Scenario, now int64) (something bool) {
	c.t.Helper()
	for len(s.Samples) > 0 && s.Samples[0].At <= now {
		at, newest := s.Samples[0].At, int64(0)
		var batch []prompb.TimeSeries
		for len(s.Samples) > 0 && s.Samples[0].At == at {
			batch = append(batch, packed(&s.Samples[0]))
			newest = max(newest, s.Samples[0].T)
			s.Samples = s.Samples[1:]
		}
		c.set(at)
		if status := c.write(batch...); status/100 != 2 {
			c.t.Fatalf("what arrived at %d was answered %d", at-scenarios.Start, status)
		}
		c.untilLookedAt(newest, at)
		something = true
	}
	c.set(now)
	return something
}

// untilLookedAt waits until the engine has closed what a scrape at t makes due, and has
// asked the free queries of the minutes in it: here the clock moves on faster than it
// looks, and whether the next sample is late depends on that. What lags is not closed by
// the next scrape.
func (c *clocked) untilLookedAt(t, now int64) {
	c.t.Helper()
	due := (t - 10_000) / 15_000 * 15_000
	if now-t > 2*60_000 || due <= scenarios.Start+15_000 {
		return
	}
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if c.closed(due) {
			return
		}
	}
}

// closed says whether some source is closed up to due, and the results of free queries
// up to its minute.
func (c *clocked) closed(due int64) bool {
	c.t.Helper()
	var doc struct {
		Data struct {
			Sources []struct {
				Name   string `json:"name"`
				Closed int64  `json:"closed_ms"`
			}
		}
	}
	c.get("/api/slo/v1/status", &doc)
	some, asked := false, true
	for _, src := range doc.Data.Sources {
		switch {
		case src.Name == "metronome":
		case strings.HasSuffix(src.Name, "(promql)"):
			asked = asked && src.Closed >= due-due%60_000
		case src.Closed >= due:
			some = true
		}
	}
	return some && asked
}

func packed(x *scenario.Sample) prompb.TimeSeries {
	if x.H == nil {
		return timeSeries(x.Labels, x.T, x.V)
	}
	return prompb.TimeSeries{
		Labels:     prompb.FromLabels(x.Labels, nil),
		Histograms: []prompb.Histogram{prompb.FromFloatHistogram(x.T, x.H)},
	}
}

// budgetAnswer is what /api/slo/v1/budgets says of one budget.
type budgetAnswer struct {
	Service    string        `json:"service"`
	SLO        string        `json:"slo"`
	Groups     labels.Labels `json:"groups"`
	State      slo.State     `json:"state"`
	Target     slo.Number    `json:"target_ratio"`
	Tier       string        `json:"tier"`
	DataTimeMS int64         `json:"data_time_ms"`
	Windows    []struct {
		Total      slo.Number `json:"total_events"`
		Bad        slo.Number `json:"bad_events"`
		Coverage   slo.Number `json:"coverage_ratio"`
		Remaining  slo.Number `json:"remaining_ratio"`
		Exhaustion slo.Number `json:"time_to_exhaustion_seconds"`
	} `json:"windows"`
	Pairs []struct {
		Long      string     `json:"long_window"`
		Short     string     `json:"short_window"`
		LongBurn  slo.Number `json:"long_burn_rate"`
		ShortBurn slo.Number `json:"short_burn_rate"`
	} `json:"pairs"`
}

// status is as much of a budget's status as stories ask for.
func (b *budgetAnswer) status() slo.Status {
	st := slo.Status{
		Objective: &slo.Objective{Service: b.Service, Name: b.SLO, Tier: b.Tier, Target: float64(b.Target)},
		Groups:    b.Groups, TS: b.DataTimeMS, State: b.State,
	}
	for _, w := range b.Windows {
		st.Windows = append(st.Windows, slo.WindowStatus{
			Counts:   slo.Counts{Bad: float64(w.Bad), Total: float64(w.Total)},
			Coverage: float64(w.Coverage), Remaining: float64(w.Remaining), TimeToExhaustion: float64(w.Exhaustion),
		})
	}
	for _, p := range b.Pairs {
		long, _ := slo.ParseDuration(p.Long)
		short, _ := slo.ParseDuration(p.Short)
		st.Pairs = append(st.Pairs, slo.PairStatus{
			Pair: slo.Pair{Long: long, Short: short}, LongBurn: float64(p.LongBurn), ShortBurn: float64(p.ShortBurn),
		})
	}
	return st
}

// checkFigure says whether the line's slot was evaluated; then it has been checked.
func (c *clocked) checkFigure(x *scenario.Expect, now int64) bool {
	c.t.Helper()
	if x.Firing != nil || now < scenarios.Start+x.At {
		return false
	}
	var doc struct {
		Data struct{ Budgets []budgetAnswer }
	}
	c.get("/api/slo/v1/budgets", &doc)
	var budgets []slo.Status
	for i := range doc.Data.Budgets {
		if b := &doc.Data.Budgets[i]; b.Service != "metronome" {
			budgets = append(budgets, b.status())
		}
	}
	problem, known := x.Check(budgets, nil, scenarios.Start)
	if problem != "" {
		c.t.Errorf("%v: %s", x.Ref, problem)
	}
	return known
}

// checkFiring gives the engine the second within which it looks by itself, and a slow
// machine some more.
func (c *clocked) checkFiring(x *scenario.Expect) {
	c.t.Helper()
	problem := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		time.Sleep(1100 * time.Millisecond)
		if problem, _ = x.Check(nil, c.firing(), scenarios.Start); problem == "" {
			return
		}
	}
	c.t.Errorf("%v: %s", x.Ref, problem)
}

// firing are the alerts that fire, but for those of budget policies: the scenarios tell
// of the engine.
func (c *clocked) firing() []slo.Alert {
	c.t.Helper()
	var doc struct {
		Data struct {
			Alerts []struct {
				Labels labels.Labels
				State  string
			}
		}
	}
	c.get("/api/v1/alerts", &doc)
	var firing []slo.Alert
	for _, a := range doc.Data.Alerts {
		if a.State == "firing" && a.Labels.Get(labels.AlertName) != slo.AlertPolicy {
			firing = append(firing, slo.Alert{Labels: a.Labels, State: slo.AlertFiring})
		}
	}
	return firing
}
