package rules_test

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// hostilities are what a stream may be plagued with.
var hostilities = []string{"resets", "starts", "births", "stale", "disorder", "late", "gaps", "long gaps", "churn", "sources", "nonsense", "crashes"}

func drawWorld(rt *rapid.T) *world {
	w := &world{hostile: map[string]bool{}, crashes: map[int]crash{}}
	for _, h := range hostilities {
		w.hostile[h] = rapid.Bool().Draw(rt, h)
	}
	var by []string
	if rapid.Bool().Draw(rt, "grouped") {
		by = []string{"instance"}
	}
	w.interval = rapid.SampledFrom([]int64{5000, 15000, 30000}).Draw(rt, "interval")
	w.drawSLI(rt, by)
	w.def.Windows = []slo.Window{
		slo.Rolling(30 * day), slo.Rolling(5 * time.Minute), slo.Rolling(30 * time.Minute), slo.Rolling(2 * time.Hour),
		slo.Rolling(6 * time.Hour), slo.Rolling(day), slo.Rolling(3 * day), {Calendar: slo.Day, Length: day},
	}
	w.drawStream(rt)
	if w.hostile["crashes"] {
		for range rapid.IntRange(1, 4).Draw(rt, "crashes") {
			at := rapid.IntRange(0, max(0, len(w.stream)-1)).Draw(rt, "crash at")
			w.crashes[at] = rapid.SampledFrom([]crash{afterTick, lostState, unapplied}).Draw(rt, "how")
		}
	}
	w.batches = rapid.SliceOfN(rapid.IntRange(1, 40), 1, 4).Draw(rt, "batches")
	w.tickEvery = rapid.IntRange(1, 3).Draw(rt, "tick every")
	return w
}

// drawSLI draws what is counted: bad and total, good and total, a native histogram or
// a probe.
func (w *world) drawSLI(rt *rapid.T, by []string) {
	w.def = availability(0.999, by...)
	kind := rapid.SampledFrom([]string{"bad", "good", "histogram", "probe"}).Draw(rt, "SLI")
	total := w.def.SLI.Terms[1].Matchers
	named := func(name string) []*labels.Matcher { return []*labels.Matcher{matcher(labels.MetricName, name)} }
	switch kind {
	case "good":
		good := append(slices.Clone(total), labels.MustNewMatcher(labels.MatchNotRegexp, "code", "5.."))
		w.def.SLI.Terms = []slo.Term{{Matchers: total, Bad: 1, Total: 1}, {Matchers: good, Bad: -1}}
	case "histogram":
		w.def.SLI.Terms = []slo.Term{
			{Matchers: named("latency"), Kind: slo.HistogramCount, Bad: 1, Total: 1},
			{Matchers: named("latency"), Kind: slo.HistogramBelow, Threshold: 2, Bad: -1},
		}
	case "probe":
		w.def.SLI.Terms = []slo.Term{
			{Matchers: named("up"), Kind: slo.GaugeSlices, Op: "==", Threshold: 0, Bad: 1},
			{Matchers: named("up"), Kind: slo.GaugeSlices, Total: 1},
		}
	}
	w.hostile[kind] = true
	if !w.hostile["births"] {
		w.def.SLI.Births = slo.BirthsZero
	}
}

func (w *world) drawStream(rt *rapid.T) {
	sources := 1
	if w.hostile["sources"] {
		sources = rapid.IntRange(2, 3).Draw(rt, "sources")
	}
	for src := range sources {
		for inst := range rapid.IntRange(1, 3).Draw(rt, "instances") {
			w.drawInstance(rt, fmt.Sprintf("p%d", src), fmt.Sprintf("i%d", inst))
		}
	}
	slices.SortStableFunc(w.stream, func(a, b arrival) int { return int(a.at - b.at) })
}

// drawInstance draws one target's scrapes, in one or more stretches.
func (w *world) drawInstance(rt *rapid.T, source, instance string) {
	start := t0 + rapid.Int64Range(0, 40).Draw(rt, "begins")*w.interval + rapid.Int64Range(0, w.interval-1).Draw(rt, "offset")
	stretches := 1
	if w.hostile["long gaps"] {
		stretches = rapid.IntRange(1, 3).Draw(rt, "stretches")
	}
	names := []string{"200", "500"}
	if w.hostile["histogram"] || w.hostile["probe"] {
		names = names[:1]
	}
	lines := make([]*line, len(names))
	for i, code := range names {
		lines[i] = &line{w: w, lset: w.labels(source, instance, code), family: i == 0}
	}
	for range stretches {
		n := rapid.Int64Range(1, 40).Draw(rt, "scrapes")
		if w.hostile["probe"] {
			n = max(n, 6)
		}
		for i, l := range lines {
			from := int64(0)
			if i > 0 {
				from = rapid.Int64Range(0, n).Draw(rt, "born")
			}
			l.draw(rt, start, from, n)
		}
		start += n*w.interval + rapid.SampledFrom([]int64{40 * second, 3 * minute, 20 * minute, 3 * hour, 30 * hour, 100 * hour}).Draw(rt, "long gap")
		if w.hostile["churn"] && rapid.Bool().Draw(rt, "replaced") {
			instance += "x"
			for i, code := range names {
				lines[i] = &line{w: w, lset: w.labels(source, instance, code), family: i == 0}
			}
		}
	}
}

func (w *world) labels(source, instance, code string) labels.Labels {
	name := "http_requests_total"
	switch {
	case w.hostile["histogram"]:
		name = "latency"
	case w.hostile["probe"]:
		name = "up"
	}
	return labels.FromStrings(labels.MetricName, name, "job", "shop", "code", code, "instance", instance, "prometheus", source)
}

// line is one series as it is drawn.
type line struct {
	w       *world
	lset    labels.Labels
	family  bool // births of others depend on it
	n       int
	calm    int  // scrapes since something happened to the timing
	arrived bool // a sample did, when it was due
	v       float64
	started int64
	buckets [3]float64
}

func (l *line) draw(rt *rapid.T, start, from, to int64) {
	w := l.w
	for k := from; k < to; k++ {
		t := start + k*w.interval
		l.step(rt, t)
		l.n++
		l.calm++
		a := arrival{lset: l.lset, t: t, v: l.v, at: t + 500}
		// A gauge is held by the cadence seen: that has to be learnt in peace.
		restless := !w.hostile["probe"] || l.n > 5 && l.calm > 4
		switch happens := rapid.IntRange(0, 40).Draw(rt, "happens"); {
		case happens == 1 && w.hostile["gaps"] && restless:
			l.calm = 0
			continue
		case happens == 2 && w.hostile["stale"] && restless:
			l.calm = 0
			a.v = staleNaN
		case happens == 3 && w.hostile["nonsense"] && !w.hostile["histogram"] && restless && !(l.family && w.hostile["births"]):
			l.calm = 0
			a.v = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(rt, "nonsense")
		case happens < 10 && w.hostile["disorder"] && restless && !(l.family && w.hostile["births"]):
			l.calm = 0
			a.at = t + rapid.SampledFrom([]int64{2 * second, 9 * second, 20 * second}).Draw(rt, "delay")
		case happens < 13 && w.hostile["late"] && restless && !(l.family && w.hostile["births"]):
			l.calm = 0
			a.at = t + rapid.SampledFrom([]int64{40 * second, 3 * minute, 20 * minute, 3 * hour}).Draw(rt, "lateness")
		}
		if w.hostile["starts"] && !w.hostile["probe"] {
			a.st = l.started
		}
		if w.hostile["histogram"] && !value.IsStaleNaN(a.v) {
			a.v = 0
			a.h = &histogram.FloatHistogram{
				Count: l.buckets[0] + l.buckets[1] + l.buckets[2], Sum: 1,
				PositiveSpans: []histogram.Span{{Offset: 0, Length: 3}}, PositiveBuckets: slices.Clone(l.buckets[:]),
			}
		}
		l.arrived = l.arrived || a.at == t+500 && !math.IsNaN(a.v)
		w.stream = append(w.stream, a)
	}
}

// step lets requests happen until t.
func (l *line) step(rt *rapid.T, t int64) {
	w := l.w
	switch happens := rapid.IntRange(0, 30).Draw(rt, "counter"); {
	case l.n == 0:
		l.started = t - 7
		l.v = float64(rapid.IntRange(0, 4).Draw(rt, "born at"))
		if w.hostile["births"] && !l.family && rapid.IntRange(0, 3).Draw(rt, "hidden") == 0 {
			l.v = 10 * implausible
		}
	case happens == 0 && w.hostile["resets"]:
		l.v, l.started = float64(rapid.IntRange(0, 5).Draw(rt, "reset to")), t-7
		l.buckets = [3]float64{}
	case w.hostile["births"] && (l.n < 4 || !l.arrived):
		if l.n < 4 || l.v < 10 {
			l.v++ // whichever is the first to arrive is plausible, and stays it
		}
	default:
		l.v += float64(rapid.IntRange(0, 9).Draw(rt, "more"))
	}
	if w.hostile["probe"] {
		l.v = float64(rapid.IntRange(0, 1).Draw(rt, "up"))
	}
	for i := range l.buckets {
		l.buckets[i] += float64(rapid.IntRange(0, 5).Draw(rt, "observations"))
	}
}
