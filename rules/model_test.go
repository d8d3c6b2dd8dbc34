package rules_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// model counts one objective by the rules of DESIGN.md §4, plainly: it keeps every
// sample that ever arrived and, when one more does, adds up the series anew. It shares
// no code with the engine. Of the engine it knows only how far each source is closed,
// since lateness follows from that, and it never restarts.
type model struct {
	def      *slo.Objective
	interval int64 // of gauges, ms
	series   map[string]*modelSeries
	ledgers  map[ledgerKey]*modelLedger
	closed   map[string]int64 // by source
}

type ledgerKey struct{ groups, source string }

type modelSeries struct {
	samples []arrival // by time
	// born says that the first sample counts from 0, decided that this was settled.
	born, decided bool
}

type modelLedger struct {
	open  map[int64]*modelSlot // by end
	carry [4]float64           // what could not be subtracted yet: bad, total and both late
	rows  []modelRow           // closed slots, ascending
}

// modelSlot holds what each term counted in one slot, in time and late.
type modelSlot struct{ on, late [2]float64 }

type modelRow struct {
	end                          int64
	bad, total, lateBad, lateTot float64
}

func newModel(def *slo.Objective, interval int64) *model {
	return &model{def: def, interval: interval, series: map[string]*modelSeries{}, ledgers: map[ledgerKey]*modelLedger{}, closed: map[string]int64{}}
}

// arrive takes one sample, at a time when its source was closed up to closed.
func (m *model) arrive(x arrival, closed int64) {
	if x.h == nil && (math.IsNaN(x.v) || math.IsInf(x.v, 0)) {
		return // a stale marker, or no number at all
	}
	s := m.series[x.lset.String()]
	if s == nil {
		s = &modelSeries{}
		m.series[x.lset.String()] = s
	}
	m.change(x.lset, s, closed, func() {
		i, _ := slices.BinarySearchFunc(s.samples, x.t, func(a arrival, t int64) int { return int(a.t - t) })
		s.samples = slices.Insert(s.samples, i, x)
		if i == 0 && s.decided {
			s.born = m.wasBorn(s)
		}
	})
}

// change posts what a change of a series adds to each instant.
func (m *model) change(lset labels.Labels, s *modelSeries, closed int64, do func()) {
	before := m.counts(lset, s)
	do()
	after := m.counts(lset, s)
	for t := range before {
		if _, ok := after[t]; !ok {
			after[t] = [2]float64{}
		}
	}
	for t, v := range after {
		for k := range v {
			if d := v[k] - before[t][k]; d != 0 {
				m.post(lset, t, k, d, closed)
			}
		}
	}
}

// counts are the events of each term by instant.
func (m *model) counts(lset labels.Labels, s *modelSeries) map[int64][2]float64 {
	out := map[int64][2]float64{}
	for i := range s.samples {
		x := &s.samples[i]
		var v [2]float64
		for k := range m.def.SLI.Terms {
			t := &m.def.SLI.Terms[k]
			switch {
			case !t.Matches(lset):
			case i > 0:
				v[k] = m.increment(t, &s.samples[i-1], x)
			case s.born:
				v[k] = m.whole(t, x)
			}
		}
		out[x.t] = v
	}
	return out
}

func (m *model) increment(t *slo.Term, a, b *arrival) float64 {
	restarted := b.st > a.t && b.st <= b.t
	switch t.Kind {
	case slo.GaugeSlices:
		if t.Op == "==" && a.v != t.Threshold {
			return 0
		}
		return math.Min(float64(b.t-a.t), 2.5*float64(m.interval)) / 1000
	case slo.HistogramCount, slo.HistogramBelow:
		for i, n := range a.h.PositiveBuckets {
			restarted = restarted || b.h.PositiveBuckets[i] < n
		}
		if restarted {
			return m.whole(t, b)
		}
		return m.whole(t, b) - m.whole(t, a)
	}
	if restarted || b.v < a.v {
		return b.v
	}
	return b.v - a.v
}

// whole is what a sample counts from 0. Histograms have the bounds 1, 2 and 4.
func (m *model) whole(t *slo.Term, x *arrival) float64 {
	switch t.Kind {
	case slo.GaugeSlices:
		return 0
	case slo.HistogramBelow:
		return x.h.PositiveBuckets[0] + x.h.PositiveBuckets[1]
	case slo.HistogramCount:
		return x.h.Count
	}
	return x.v
}

// post adds events to the slot they belong to, or as late to the oldest open one, in
// the budget of their group and in the roll-up.
func (m *model) post(lset labels.Labels, t int64, term int, events float64, closed int64) {
	late := t <= closed
	end := slo.SlotEnd(max(t, closed+1), slot)
	for _, groups := range slices.Compact([]string{"{}", m.def.SLI.Group(lset).String()}) {
		key := ledgerKey{groups, lset.Get("prometheus")}
		l := m.ledgers[key]
		if l == nil {
			l = &modelLedger{open: map[int64]*modelSlot{}}
			m.ledgers[key] = l
		}
		o := l.open[end]
		if o == nil {
			o = &modelSlot{}
			l.open[end] = o
		}
		if late {
			o.late[term] += events
		} else {
			o.on[term] += events
		}
	}
}

// close closes a source's slots up to an instant.
func (m *model) close(source string, to int64) {
	from := m.closed[source]
	if to <= from {
		return
	}
	for _, s := range m.series {
		if len(s.samples) == 0 || s.decided || s.samples[0].lset.Get("prometheus") != source || s.samples[0].t > to {
			continue
		}
		s.decided = true
		if m.wasBorn(s) {
			m.change(s.samples[0].lset, s, from, func() { s.born = true })
		}
	}
	for key, l := range m.ledgers {
		if key.source == source {
			l.close(&m.def.SLI, to)
		}
	}
	m.closed[source] = to
}

// wasBorn is counting rule 2. The streams leave no doubt about it: values are far from
// implausible, or far beyond, and families are whole when a child is born.
func (m *model) wasBorn(s *modelSeries) bool {
	first := s.samples[0]
	switch {
	case m.def.SLI.Births == slo.BirthsZero:
		return false
	case first.st > 0:
		return first.st > t0-15_000 && first.st <= first.t
	}
	var times []int64
	for _, o := range m.series {
		if o != s && len(o.samples) > 0 && familyOf(o.samples[0].lset) == familyOf(first.lset) {
			for _, x := range o.samples {
				if x.t < first.t {
					times = append(times, x.t)
				}
			}
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	n := len(times)
	return n >= 2 && times[n-2] >= first.t-time.Hour.Milliseconds() && first.t-times[n-1] <= 3*(times[n-1]-times[n-2]) && first.v < implausible
}

// implausible is more than any family of the streams could make plausible.
const implausible = 1e6

func familyOf(lset labels.Labels) string {
	return strings.Join([]string{lset.Get("prometheus"), lset.Get(labels.MetricName), lset.Get("job"), lset.Get("instance")}, "/")
}

func (l *modelLedger) close(sli *slo.SLI, to int64) {
	var ends []int64
	for end := range l.open {
		if end <= to {
			ends = append(ends, end)
		}
	}
	slices.Sort(ends)
	for _, end := range ends {
		var v [4]float64
		for k, t := range sli.Terms {
			on, late := l.open[end].on[k], l.open[end].late[k]
			for i, x := range [4]float64{t.Bad * (on + late), t.Total * (on + late), t.Bad * late, t.Total * late} {
				v[i] += x
			}
		}
		// Stored counters never fall: what is negative waits.
		for i := range v {
			v[i] += l.carry[i]
			l.carry[i] = min(0, v[i])
			v[i] = max(0, v[i])
		}
		l.rows = append(l.rows, modelRow{end, v[0], v[1], min(v[2], v[0]), min(v[3], v[1])})
		delete(l.open, end)
	}
}

// window is what was counted in (start, end], late amounts included or not, of all
// sources as far as they are closed. Those of without count only as far as given.
func (m *model) window(groups string, start, end int64, late bool, without map[string]int64) (bad, total float64) {
	for key, l := range m.ledgers {
		if key.groups != groups {
			continue
		}
		to := end
		if until, ok := without[key.source]; ok {
			to = min(to, until)
		}
		for _, r := range l.rows {
			if r.end <= start || r.end > to {
				continue
			}
			bad, total = bad+r.bad, total+r.total
			if !late {
				bad, total = bad-r.lateBad, total-r.lateTot
			}
		}
	}
	return bad, total
}

// TestModel holds the model itself against what is easy to see.
func TestModel(t *testing.T) {
	m := newModel(availability(0.999), 15_000)
	lset := requests("500", "i1")
	for _, x := range []struct{ t, v, closed int64 }{{0, 7, -300}, {45, 9, -300}, {20, 8, 30}, {60, 2, 30}} {
		m.arrive(arrival{lset: lset, t: t0 + x.t*1000, v: float64(x.v)}, t0+x.closed*1000)
	}
	m.arrive(arrival{lset: lset, t: t0 + 50_000, v: staleNaN}, t0)
	m.close("a", t0+60_000)
	// 7 is no birth; 8 came late, and took its 1 from 9; after the reset there are 2.
	if bad, total := m.window("{}", t0, t0+60_000, true, nil); bad != 4 || total != 4 {
		t.Errorf("want 4 bad of 4, have %g of %g", bad, total)
	}
	if bad, _ := m.window("{}", t0, t0+60_000, false, nil); bad != 3 {
		t.Errorf("want 3 bad in time, have %g", bad)
	}
}
