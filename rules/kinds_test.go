package rules_test

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// TestCounting6_Gauge: of a probe, bad seconds are those for which it said 0, held
// until the next scrape, for 2.5 intervals at most; with missed scrapes, two cadences,
// and restarts.
func TestCounting6_Gauge(t *testing.T) {
	checkFew(t, 4, func(rt *rapid.T) {
		up := []*labels.Matcher{matcher(labels.MetricName, "probe_success")}
		def := availability(0.999)
		def.SLI.Terms = []slo.Term{{Matchers: up, Kind: slo.GaugeSlices, Op: "==", Threshold: 0, Bad: 1}, {Matchers: up, Kind: slo.GaugeSlices, Total: 1}}
		r := newRig(t, t0, def)
		defer r.close()
		wantBad, wantTotal := 0.0, 0.0
		intervals := []int64{15 * second, 60 * second}[:rapid.IntRange(1, 2).Draw(rt, "probes")]
		type probe struct {
			last          int64
			v             float64
			since, missed int // scrapes since the last gap, and still to miss
		}
		probes := make([]probe, len(intervals))
		crash := rapid.Int64Range(4, 60).Draw(rt, "crash") * minute
		r.drive(t0, t0+hour, 15*second, func(ts int64) (all []arrival) {
			if ts-t0 == crash {
				r.crash()
			}
			for i, interval := range intervals {
				p := &probes[i]
				// The first three scrapes teach the cadence.
				if (ts-t0)%interval != 0 {
					continue
				}
				if p.missed > 0 {
					p.missed--
					continue
				}
				// Three long gaps in a row would be another cadence.
				if p.since++; p.since > 3 && rapid.IntRange(0, 9).Draw(rt, "miss") == 0 {
					p.since, p.missed = 0, rapid.IntRange(0, 4).Draw(rt, "more")
					continue
				}
				if p.last != 0 {
					held := min(float64(ts-p.last), 2.5*float64(interval)) / 1000
					wantTotal += held
					if p.v == 0 {
						wantBad += held
					}
				}
				p.last, p.v = ts, float64(rapid.IntRange(0, 1).Draw(rt, "up"))
				all = append(all, arrival{lset: labels.FromStrings(labels.MetricName, "probe_success", "instance", string(rune('a'+i)), "prometheus", "a"), t: ts, v: p.v})
			}
			return all
		})
		r.flush()
		if bad, total := r.stored("slo_bad_events_total"), r.stored("slo_events_total"); bad != wantBad || total != wantTotal {
			rt.Fatalf("want %g of %g s bad, have %g of %g", wantBad, wantTotal, bad, total)
		}
	})
}

// TestCounting6_NativeHistogram: requests over 200 ms are bad, interpolated as PromQL
// does; resets, out-of-order samples and restarts change nothing.
func TestCounting6_NativeHistogram(t *testing.T) {
	latency := []*labels.Matcher{matcher(labels.MetricName, "request_duration_seconds")}
	def := availability(0.99)
	def.SLI.Births = slo.BirthsZero
	def.SLI.Terms = []slo.Term{
		{Matchers: latency, Kind: slo.HistogramCount, Bad: 1, Total: 1},
		{Matchers: latency, Kind: slo.HistogramBelow, Threshold: 0.25, Bad: -1},
	}
	checkFew(t, 4, func(rt *rapid.T) {
		r := newRig(t, t0, def)
		defer r.close()
		var samples []count.Sample
		buckets := make([]float64, 4) // up to 0.125, 0.25, 0.5 and 1 s
		for i := range int64(rapid.IntRange(2, 60).Draw(rt, "scrapes")) {
			if rapid.IntRange(0, 12).Draw(rt, "reset") == 0 {
				buckets = make([]float64, 4)
			}
			next := make([]float64, 4)
			n := 0.0
			for k := range next {
				next[k] = buckets[k] + float64(rapid.IntRange(0, 9).Draw(rt, "requests"))
				n += next[k]
			}
			buckets = next
			samples = append(samples, count.Sample{T: t0 + i*15*second, H: &histogram.FloatHistogram{
				Schema: 0, Count: n, Sum: n / 4, PositiveSpans: []histogram.Span{{Offset: -3, Length: 4}}, PositiveBuckets: next,
			}})
		}
		// Neighbours may change places.
		order := make([]int, len(samples))
		for i := range order {
			order[i] = i
		}
		for i := 1; i < len(order); i++ {
			if rapid.IntRange(0, 5).Draw(rt, "swap") == 0 {
				order[i-1], order[i] = order[i], order[i-1]
			}
		}
		lset := labels.FromStrings(labels.MetricName, "request_duration_seconds", "prometheus", "a")
		crash := rapid.IntRange(0, 60).Draw(rt, "crash")
		for n, i := range order {
			x := samples[i]
			r.now = max(r.now, t0+int64(n)*15*second+500)
			r.send(arrival{lset: lset, t: x.T, h: x.H})
			if rapid.Bool().Draw(rt, "tick") {
				r.tick()
			}
			if n == crash {
				r.crash()
			}
		}
		r.flush()
		wantTotal, wantGood := 0.0, 0.0
		for i := 1; i < len(samples); i++ {
			a, b := samples[i-1].H.PositiveBuckets, samples[i].H.PositiveBuckets
			reset := false
			for k := range b {
				reset = reset || b[k] < a[k]
			}
			for k := range b {
				inc := b[k] - a[k]
				if reset {
					inc = b[k]
				}
				wantTotal += inc
				if k < 2 {
					wantGood += inc
				}
			}
		}
		bad, total := r.stored("slo_bad_events_total"), r.stored("slo_events_total")
		if math.Abs(total-wantTotal) > 1e-6 || math.Abs(bad-(wantTotal-wantGood)) > 1e-6 {
			rt.Fatalf("want %g bad of %g, have %g of %g", wantTotal-wantGood, wantTotal, bad, total)
		}
	})
}

// TestCounting2_StartTimestamps: a reset hidden by growth counts whole, a series whose
// start lies in the time observed counts its first value, one that began before does
// not, with `births: skip` too.
func TestCounting2_StartTimestamps(t *testing.T) {
	for _, births := range []slo.Births{slo.BirthsAuto, slo.BirthsSkip, slo.BirthsZero} {
		def := availability(0.99)
		def.SLI.Births = births
		r := newRig(t, t0, def)
		began := map[string]int64{"old": t0 - hour, "new": t0 + 5*minute - 7*second, "unknown": 0}
		r.drive(t0+second, t0+20*minute, 15*second, func(ts int64) (all []arrival) {
			for name, st := range began {
				e := ts - t0 - second
				v := 1000 + float64(e/(15*second))
				if e < 5*minute {
					continue
				}
				if e >= 10*minute {
					// It began anew and has grown past its old value since the last scrape.
					if v += 5000; st != 0 {
						st = t0 + 10*minute - 5*second
					}
				}
				all = append(all, arrival{lset: requests("200", name), st: st, t: ts, v: v})
			}
			return all
		})
		r.flush()
		// 59 increments of 1 each; at 10 min those with a start count their whole value,
		// the other its growth; the new one counts its first value.
		want := 3*58.0 + 2*(1040+5000) + 5001
		if births != slo.BirthsZero {
			want += 1020
		}
		near(t, string(births), want, r.stored("slo_events_total"))
	}
}

// TestCounting5_PartsApart: bucket and count of one scrape arrive in different slots,
// with a restart in between: stored counters never fall, and in the end nothing is
// bad that was good.
func TestCounting5_PartsApart(t *testing.T) {
	checkFew(t, 4, func(rt *rapid.T) {
		def := availability(0.99)
		def.SLI.Terms = []slo.Term{
			{Matchers: []*labels.Matcher{matcher(labels.MetricName, "all_total")}, Bad: 1, Total: 1},
			{Matchers: []*labels.Matcher{matcher(labels.MetricName, "good_total")}, Bad: -1},
		}
		r := newRig(t, t0, def)
		defer r.close()
		var queue []arrival
		for i := range int64(80) {
			ts := t0 + i*15*second
			delay := rapid.SampledFrom([]int64{0, 0, 0, 12 * second, 40 * second}).Draw(rt, "delay")
			queue = append(queue,
				arrival{lset: labels.FromStrings(labels.MetricName, "all_total", "prometheus", "a"), t: ts, v: float64(100 * i), at: ts + 500 + delay},
				arrival{lset: labels.FromStrings(labels.MetricName, "good_total", "prometheus", "a"), t: ts, v: float64(99 * i), at: ts + 500})
		}
		crash := map[int64]bool{}
		for range 3 {
			crash[rapid.Int64Range(0, 85*15).Draw(rt, "crash")] = true
		}
		for s := range int64(90 * 15) {
			r.now = t0 + s*second
			for _, x := range queue {
				if x.at >= r.now && x.at < r.now+second {
					r.send(x)
				}
			}
			if s%5 == 0 {
				r.tick()
			}
			if crash[s] {
				r.crash()
			}
		}
		r.flush()
		if bad, total := r.stored("slo_bad_events_total"), r.stored("slo_events_total"); bad != 79 || total != 7900 {
			rt.Fatalf("want 79 bad of 7900, have %g of %g", bad, total)
		}
	})
}
