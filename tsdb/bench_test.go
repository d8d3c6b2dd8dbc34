package tsdb_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/klauspost/compress/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"

	"github.com/slowburn/slowburn/tsdb"
)

const benchSeries = 2000 // samples a request, as Prometheus sends by default

// benchBodies are requests of the same series at successive scrapes.
func benchBodies(b *testing.B, v2 bool, scrapes int, fresh bool) (bodies [][]byte, contentType string) {
	for n := range scrapes {
		var ss []sent
		for i := range benchSeries {
			name := fmt.Sprintf("http_requests_total_%d", i%20)
			code := fmt.Sprint(i)
			if fresh {
				code = fmt.Sprint(n, "-", i)
			}
			ss = append(ss, series(name, "job", "checkout", "instance", fmt.Sprintf("10.0.%d.%d:9090", i/256, i%256), "code", code,
				"method", "POST", "handler", "/api/v1/checkout", "cluster", "eu-west-1", "namespace", "shop").
				at(start.UnixMilli()+int64(n)*15000, float64(n*i)))
		}
		var body []byte
		body, contentType = encode(b, v2, ss...)
		bodies = append(bodies, snappy.Encode(nil, body))
	}
	return bodies, contentType
}

// countingSink stands for the engine: it takes every sample.
type countingSink struct{ n atomic.Int64 }

func (s *countingSink) AppenderV2(context.Context) storage.AppenderV2 { return &countingAppender{s: s} }

type countingAppender struct {
	s *countingSink
	n int64
}

func (a *countingAppender) Append(ref storage.SeriesRef, _ labels.Labels, _, _ int64, _ float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	a.n++
	return ref, nil
}
func (a *countingAppender) Commit() error   { a.s.n.Add(a.n); return nil }
func (a *countingAppender) Rollback() error { return nil }

func cpuSeconds() float64 {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6
}

// benchmark sends bodies over and over to handlers made by fresh; the samples of
// one round go to one TSDB. CPU time counts garbage collection, unlike ns/op.
func benchmark(b *testing.B, v2, fresh, drop bool, handler func(db *tsdb.DB, drop bool) http.Handler) {
	const scrapes = 60
	bodies, ct := benchBodies(b, v2, scrapes, fresh)
	var h http.Handler
	var db *tsdb.DB
	b.ReportAllocs()
	var cpu float64
	for i := 0; i < b.N; i++ {
		if i%scrapes == 0 {
			b.StopTimer()
			if db != nil {
				db.Close()
			}
			var err error
			if db, err = tsdb.OpenRaw(b.TempDir(), tsdb.Options{MinFree: -1}); err != nil {
				b.Fatal(err)
			}
			h = handler(db, drop)
			if !fresh {
				serve(b, h, bodies[0], ct)
			}
			runtime.GC()
			b.StartTimer()
		}
		n := i % scrapes
		if !fresh && n == 0 {
			continue
		}
		before := cpuSeconds()
		serve(b, h, bodies[n], ct)
		cpu += cpuSeconds() - before
	}
	b.StopTimer()
	db.Close()
	done := b.N
	if !fresh {
		done -= (b.N + scrapes - 1) / scrapes
	}
	if cpu > 0 {
		b.ReportMetric(float64(done*benchSeries)/cpu, "samples/cpu-s")
	}
}

func serve(b *testing.B, h http.Handler, body []byte, ct string) {
	req := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(body))
	req.Header.Set("Content-Type", ct)
	req.Header.Set("Content-Encoding", "snappy")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code/100 != 2 {
		b.Fatal(w.Code, w.Body.String())
	}
}

func ours(b *testing.B) func(*tsdb.DB, bool) http.Handler {
	return func(db *tsdb.DB, drop bool) http.Handler {
		var n atomic.Uint64
		r, err := tsdb.NewReceiver(tsdb.ReceiverOptions{
			Store: db, Sink: &countingSink{}, Now: fixedNow(start.Add(3600e9)),
			Bind: func(labels.Labels) storage.SeriesRef {
				if drop {
					return 0
				}
				return storage.SeriesRef(n.Add(1))
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
}

func upstream(db *tsdb.DB, _ bool) http.Handler {
	return remote.NewWriteHandler(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), db,
		remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}, false, false)
}

func BenchmarkReceive(b *testing.B) {
	for _, v2 := range []bool{false, true} {
		for _, c := range []struct {
			name        string
			fresh, drop bool
		}{{"known", false, false}, {"new", true, false}, {"unneeded", false, true}} {
			name := fmt.Sprintf("v%d/%s", 1+btoi(v2), c.name)
			b.Run(name+"/slowburn", func(b *testing.B) { benchmark(b, v2, c.fresh, c.drop, ours(b)) })
			if !c.drop {
				b.Run(name+"/prometheus", func(b *testing.B) { benchmark(b, v2, c.fresh, false, upstream) })
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
