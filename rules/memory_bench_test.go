package rules_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// BenchmarkBudgetMemory is what a budget takes of the engine's memory, all told, after
// as long as its window is: a group of an objective, 100 requests a second at noon, a
// quarter of that at night, of which one in two thousand fails. Engines that differ by budgets or by series are compared, so that what all
// share is left out; what the TSDBs hold comes on top. The goals of DESIGN.md are 12 KiB
// a budget at 30 d and 24 KiB at 92 d.
func BenchmarkBudgetMemory(b *testing.B) {
	for _, days := range []int{30, 92} {
		b.Run(fmt.Sprintf("days=%d", days), func(b *testing.B) {
			for b.Loop() {
				series := (heapOf(b, 1, 40, 10) - heapOf(b, 1, 40, 2)) / (40 * 8)
				budget := (heapOf(b, days, 45, 2)-heapOf(b, days, 5, 2))/40 - 2*series
				b.ReportMetric(budget, "B/budget")
				b.ReportMetric(series, "B/series")
			}
		})
	}
}

// heapOf is the heap that an engine takes after so many days, with so many budgets of so
// many series each.
func heapOf(b *testing.B, days, budgets, series int) float64 {
	before := heap()
	w := slo.Rolling(time.Duration(days) * day)
	def := availability(0.999, "instance")
	def.Windows, def.Rules = []slo.Window{w}, slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(w)
	r := newRigWith(b, t0, func(o *rules.Options) { o.Ledger = nowhere{o.Ledger} }, def)
	defer r.close()
	var refs []storage.SeriesRef
	for i := range budgets {
		for k := range series {
			refs = append(refs, r.engine.Bind(requests(fmt.Sprint(200+300*(k%2)+k/2), fmt.Sprintf("i%d", i)), true))
		}
	}
	v := make([]float64, len(refs))
	rnd := rand.New(rand.NewPCG(1, 2))
	for step := range days * 24 * 60 * 4 {
		r.now += 15_000
		app := r.engine.AppenderV2(context.Background())
		mean := 1500 * (0.625 - 0.375*math.Cos(2*math.Pi*float64(step)/5760))
		for i, ref := range refs {
			v[i] += poisson(rnd, mean*[]float64{1, 0.0005}[i%2])
			_, _ = app.Append(ref, labels.EmptyLabels(), 0, r.now-500, v[i], nil, nil, storage.AppendV2Options{})
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
		r.tick()
		r.levels = nil
	}
	return heap() - before
}

// poisson is how many of independent events happen where mean are to be expected.
func poisson(rnd *rand.Rand, mean float64) float64 {
	if mean > 100 {
		return math.Round(mean + math.Sqrt(mean)*rnd.NormFloat64())
	}
	n := 0.0
	for p := rnd.Float64(); p > math.Exp(-mean); p *= rnd.Float64() {
		n++
	}
	return n
}

// heap is what lives. What pools hold lives until the second collection.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// nowhere is a ledger that takes every row and keeps none.
type nowhere struct{ rules.LedgerDB }

func (nowhere) AppenderV2(context.Context) storage.AppenderV2 { return &forgetful{} }

type forgetful struct {
	storage.AppenderV2
	ref storage.SeriesRef
}

func (f *forgetful) Append(ref storage.SeriesRef, _ labels.Labels, _, _ int64, _ float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if ref == 0 {
		f.ref++
		return f.ref, nil
	}
	return ref, nil
}

func (*forgetful) Commit() error   { return nil }
func (*forgetful) Rollback() error { return nil }
