package rules_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// BenchmarkTick is the cost of closing one slot and evaluating every SLO in it: the
// ledger write, all windows, all alert conditions. ns/slo is the figure of DESIGN.md
// §8; it must not grow with the series behind an SLO.
func BenchmarkTick(b *testing.B) {
	for _, size := range []struct{ slos, series int }{{1000, 10}, {1000, 100}} {
		b.Run(fmt.Sprintf("slos=%d/series=%d", size.slos, size.series), func(b *testing.B) {
			r := newRig(b, t0, manyObjectives(size.slos)...)
			refs := bindMany(r, size.slos, size.series)
			ts := t0
			step := func() {
				ts += 15000
				r.now = ts + 500
				app := r.engine.AppenderV2(context.Background())
				for i, ref := range refs {
					_, _ = app.Append(ref, labels.EmptyLabels(), 0, ts, float64(ts-t0)*float64(i%10%9), nil, nil, storage.AppendV2Options{})
				}
				if err := app.Commit(); err != nil {
					b.Fatal(err)
				}
			}
			for range 100 {
				step()
				r.tick()
			}
			cpu := time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				step()
				b.StartTimer()
				before := cpuTime()
				r.tick()
				cpu += cpuTime() - before
			}
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N)/float64(size.slos), "cpu-ns/slo")
		})
	}
}

// BenchmarkAppend is the engine's part of ingest: one sample of a bound series.
func BenchmarkAppend(b *testing.B) {
	r := newRig(b, t0, manyObjectives(1000)...)
	refs := bindMany(r, 1000, 10)
	ts := t0
	n := 0
	for b.Loop() {
		ts += 15000
		r.now = ts + 500
		app := r.engine.AppenderV2(context.Background())
		for i, ref := range refs {
			_, _ = app.Append(ref, labels.EmptyLabels(), 0, ts, float64(ts-t0)*float64(i%10%9), nil, nil, storage.AppendV2Options{})
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
		n += len(refs)
		b.StopTimer()
		r.tick()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/sample")
}

// BenchmarkIdleTick is a tick with no slot due while the first samples of 20,000
// series wait for theirs to close, as after a start. Appenders wait for part of it.
func BenchmarkIdleTick(b *testing.B) {
	r := newRig(b, t0, manyObjectives(200)...)
	app := r.engine.AppenderV2(context.Background())
	for _, ref := range bindMany(r, 200, 100) {
		_, _ = app.Append(ref, labels.EmptyLabels(), 0, t0, 1, nil, nil, storage.AppendV2Options{})
	}
	if err := app.Commit(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.tick()
	}
}

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func manyObjectives(n int) []*slo.Objective {
	w := slo.Rolling(30 * 24 * time.Hour)
	out := make([]*slo.Objective, n)
	for i := range out {
		total := []*labels.Matcher{matcher(labels.MetricName, "http_requests_total"), matcher("service", fmt.Sprintf("s%d", i))}
		bad := append(append([]*labels.Matcher{}, total...), labels.MustNewMatcher(labels.MatchRegexp, "code", "5.."))
		out[i] = &slo.Objective{
			Service: fmt.Sprintf("s%d", i), Name: "availability", Target: 0.999, Windows: []slo.Window{w}, Format: slo.FormatNative,
			SLI:   slo.SLI{Births: slo.BirthsAuto, Terms: []slo.Term{{Matchers: bad, Bad: 1}, {Matchers: total, Total: 1}}},
			Rules: slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(w),
		}
	}
	return out
}

func bindMany(r *rig, slos, series int) []storage.SeriesRef {
	var refs []storage.SeriesRef
	for _, lset := range manySeries(slos, series) {
		refs = append(refs, r.engine.Bind(lset, true))
	}
	return refs
}

// manySeries are the series that manyObjectives read, a tenth of them bad.
func manySeries(slos, series int) []labels.Labels {
	var all []labels.Labels
	for i := range slos {
		for k := range series {
			code := "200"
			if k%10 == 9 {
				code = "500"
			}
			all = append(all, labels.FromStrings(labels.MetricName, "http_requests_total",
				"service", fmt.Sprintf("s%d", i), "code", code, "instance", fmt.Sprintf("i%d", k), "job", "shop"))
		}
	}
	return all
}
