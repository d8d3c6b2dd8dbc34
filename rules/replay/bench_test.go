package replay_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"

	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// BenchmarkReplay is `slowburn backtest` over blocks that a TSDB wrote: 100 SLOs of 10
// series each at 15 s. The goal (DESIGN.md, replay) is 30 days in 60 s on 2 cores;
// BENCH_DAYS says how many to run, 1 by default.
func BenchmarkReplay(b *testing.B) {
	days, err := strconv.Atoi(os.Getenv("BENCH_DAYS"))
	if err != nil {
		days = 1
	}
	const slos, series = 100, 10
	dir := os.Getenv("BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	end := t0 + int64(days)*24*time.Hour.Milliseconds()
	if found, _ := filepath.Glob(filepath.Join(dir, "*", "meta.json")); len(found) == 0 {
		for day := range days {
			writeDay(b, dir, t0+int64(day)*24*time.Hour.Milliseconds(), slos, series)
		}
	}
	var samples int64
	var alerts int
	before := cpuTime()
	b.ResetTimer()
	for b.Loop() {
		past, err := replay.OpenDir(dir)
		if err != nil {
			b.Fatal(err)
		}
		res, err := replay.Run(context.Background(), past, replay.Options{Objectives: manyObjectives(slos), Start: t0, End: end, SourceLabels: []string{"cluster", "prometheus"}})
		if err != nil {
			b.Fatal(err)
		}
		samples, alerts = res.Samples, len(res.Alerts)
		past.Close()
	}
	b.StopTimer()
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(samples)/1e6, "Msamples")
	b.ReportMetric(seconds*1e9/float64(samples), "ns/sample")
	b.ReportMetric(seconds*30/float64(days), "s/30d")
	b.ReportMetric((cpuTime()-before).Seconds()/float64(b.N)*30/float64(days), "cpu-s/30d")
	b.ReportMetric(float64(alerts), "alerts")
}

// t0 is 2027-01-15 00:00 UTC.
const t0 = int64(1_799_971_200_000)

// writeDay writes a block of one day: per SLO half the series are errors, few and now
// and then, with an outage of ten minutes at one SLO in ten each day.
func writeDay(b *testing.B, dir string, from int64, slos, series int) {
	b.Helper()
	const day = 24 * 60 * 60 * 1000
	w, err := promtsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, 2*day)
	if err != nil {
		b.Fatal(err)
	}
	app := w.AppenderV2(context.Background())
	n := 0
	for i := range slos {
		for k := range series {
			code := []string{"200", "500"}[k%2]
			lset := labels.FromStrings(labels.MetricName, "http_requests_total", "service", fmt.Sprintf("s%d", i),
				"code", code, "instance", fmt.Sprintf("s%d-i%d", i, k/2), "job", "shop")
			ref := storage.SeriesRef(0)
			// Scrapes are spread over the interval, as Prometheus does.
			offset := int64((i*7919 + k/2*104729) % 15000)
			for t := from + offset + 1; t <= from+day; t += 15000 {
				ref, err = app.Append(ref, lset, 0, t, requestsAt(t, i, code), (*histogram.Histogram)(nil), nil, storage.AppendV2Options{})
				if err != nil {
					b.Fatal(err)
				}
				if n++; n%100_000 == 0 {
					if err := app.Commit(); err != nil {
						b.Fatal(err)
					}
					app = w.AppenderV2(context.Background())
				}
			}
		}
	}
	if err := app.Commit(); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// requestsAt is a counter: 20 requests a second, of which one in ten thousand fails,
// and one in ten between noon and ten past at every tenth service.
func requestsAt(t int64, slo int, code string) float64 {
	s := float64(t-t0) / 1000
	if code == "200" {
		return math.Floor(s * 20)
	}
	days, rest := math.Floor(s/86400), math.Mod(s, 86400)
	v := s * 20 / 10_000
	if slo%10 == 0 {
		v += (days*600 + min(600, max(0, rest-43200))) * 2
	}
	return math.Floor(v)
}

func manyObjectives(n int) []*slo.Objective {
	w := slo.Rolling(30 * 24 * time.Hour)
	out := make([]*slo.Objective, n)
	for i := range out {
		out[i] = availability(fmt.Sprintf("s%d", i), 0.999, w)
	}
	return out
}

func availability(service string, target float64, w slo.Window, by ...string) *slo.Objective {
	total := []*labels.Matcher{matcher(labels.MetricName, "http_requests_total"), matcher("service", service)}
	bad := append(append([]*labels.Matcher{}, total...), labels.MustNewMatcher(labels.MatchRegexp, "code", "5.."))
	return &slo.Objective{
		Service: service, Name: "availability", Target: target, Windows: []slo.Window{w}, Format: slo.FormatNative,
		SLI:   slo.SLI{Births: slo.BirthsAuto, By: by, Terms: []slo.Term{{Matchers: bad, Bad: 1}, {Matchers: total, Total: 1}}},
		Rules: slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(w), RollUpAlerts: true,
	}
}

func matcher(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, name, value)
}

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
