package rules_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute

	day = 24 * time.Hour
)

// shop is one target that answers requests, some of them with an error.
type shop struct {
	source, instance string
	labels           []string // more of them, name and value by turns
	ok, bad          float64
}

// scrape is what the target shows at ts after more requests were answered well and
// badly since the last scrape.
func (s *shop) scrape(ts int64, ok, bad float64) []arrival {
	s.ok += ok
	s.bad += bad
	return []arrival{{lset: s.series("200"), t: ts, v: s.ok}, {lset: s.series("500"), t: ts, v: s.bad}}
}

func (s *shop) stale(ts int64) []arrival {
	return []arrival{{lset: s.series("200"), t: ts, v: staleNaN}, {lset: s.series("500"), t: ts, v: staleNaN}}
}

func (s *shop) series(code string) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(labels.MetricName, "http_requests_total").Set("job", "shop").Set("code", code)
	b.Set("instance", cmp.Or(s.instance, "i1")).Set("prometheus", cmp.Or(s.source, "a"))
	for i := 0; i+1 < len(s.labels); i += 2 {
		b.Set(s.labels[i], s.labels[i+1])
	}
	return b.Labels()
}

// drive lets scrapes arrive half a second after each step from from to to, and the
// engine look at them.
func (r *rig) drive(from, to, step int64, scrapes func(ts int64) []arrival) {
	r.t.Helper()
	for ts := from; ts < to; ts += step {
		r.now = ts + 500
		if batch := scrapes(ts); len(batch) > 0 {
			r.send(batch...)
		}
		r.tick()
	}
}

// transition is a published change of one alert.
type transition struct {
	Labels              string
	FiredAt, ResolvedAt int64 // ms after t0; 0 if not resolved
}

// transitions are the changes that the levels told of, in order, but the watchdog's.
func (r *rig) transitions() []transition {
	var out []transition
	for _, level := range r.levels {
		for _, a := range level {
			if a.Labels.Get(labels.AlertName) == slo.AlertWatchdog {
				continue
			}
			x := transition{Labels: a.Labels.Get(labels.AlertName) + " " + a.Labels.Get("severity"), FiredAt: a.FiredAt - t0}
			for _, g := range []string{"region", "instance", "source"} {
				if v := a.Labels.Get(g); v != "" {
					x.Labels += " " + v
				}
			}
			if a.ResolvedAt != 0 {
				x.ResolvedAt = a.ResolvedAt - t0
			}
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out
}

// gone says which alerts were in one level and not in the next, without having been
// resolved: Alertmanager would take them for resolved.
func (r *rig) vanished() []string {
	var out []string
	for i := 1; i < len(r.levels); i++ {
		for _, a := range r.levels[i-1] {
			if a.State == slo.AlertFiring && !slices.ContainsFunc(r.levels[i], func(b slo.Alert) bool { return labels.Equal(a.Labels, b.Labels) }) {
				out = append(out, fmt.Sprintf("%s at level %d", a.Labels, i))
			}
		}
	}
	return out
}

// status is the newest status of the budget with these group labels.
func (r *rig) status(groups ...string) slo.Status {
	r.t.Helper()
	want := labels.FromStrings(groups...)
	for _, s := range r.engine.Status() {
		if labels.Equal(s.Groups, want) {
			return s
		}
	}
	r.t.Fatalf("no status of %s", want)
	return slo.Status{}
}

// rows are all rows of the ledger's served counters, by series.
func (r *rig) rows() map[string][]point {
	r.t.Helper()
	q, err := r.ledger.Querier(math.MinInt64, math.MaxInt64)
	r.must(err)
	defer q.Close()
	out := map[string][]point{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, "slo_.*"))
	for set.Next() {
		it, key := set.At().Iterator(nil), set.At().Labels().String()
		for it.Next() != chunkenc.ValNone {
			t, v := it.At()
			out[key] = append(out[key], point{t - t0, v})
		}
	}
	r.must(set.Err())
	return out
}

type point struct {
	T int64
	V float64
}

// coverage of the window of the given length that ends at the newest row of the
// ledgers of one budget, from the rows alone.
func (r *rig) coverage(length time.Duration, ms ...*labels.Matcher) float64 {
	r.t.Helper()
	over := func(name string) float64 {
		q, err := r.ledger.Querier(math.MinInt64, math.MaxInt64)
		r.must(err)
		defer q.Close()
		set := q.Select(context.Background(), false, nil, append(ms, matcher(labels.MetricName, name))...)
		sum := 0.0
		for set.Next() {
			it := set.At().Iterator(nil)
			var ts []int64
			var vs []float64
			for it.Next() != chunkenc.ValNone {
				t, v := it.At()
				ts, vs = append(ts, t), append(vs, v)
			}
			end := ts[len(ts)-1]
			start := slo.Rolling(length).Start(end, r.slot)
			sum += vs[len(vs)-1]
			if i, found := slices.BinarySearch(ts, start); found {
				sum -= vs[i]
			} else if i > 0 {
				sum -= vs[i-1]
			}
		}
		return sum
	}
	return over("slo_scrapes_observed_total") / over("slo_scrapes_expected_total")
}

// checkFew is rapid.Check for properties that are slow to check: only one of n checks
// that rapid is asked for is made.
func checkFew(t *testing.T, n int, prop func(*rapid.T)) {
	t.Helper()
	made, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if made++; made%n != 1 && !failed {
			return
		}
		ok := false
		defer func() { failed = failed || !ok }() // then rapid looks for a smaller case
		prop(rt)
		ok = true
	})
}

func within(t *testing.T, what string, have, low, high int64) {
	t.Helper()
	if have < low || have > high {
		t.Errorf("%s: want %d to %d, have %d", what, low, high, have)
	}
}
