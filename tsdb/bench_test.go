package tsdb_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb"
)

// BenchmarkReceive compares the receiver with upstream's, in one process, over the
// same TSDB options and the same requests. samples/cpu-s counts garbage collection,
// unlike ns/op. The receivers: slowburn with the real engine behind it and an
// objective for every series, slowburn with a sink that only counts, and upstream's;
// and one that takes no bytes but has the samples at hand, and appends them: no receiver
// over this TSDB is faster. BENCH.md says where the time goes.
func BenchmarkReceive(b *testing.B) {
	for _, proto := range []string{"1.0", "2.0"} {
		for _, kind := range []string{known, fresh, unneeded} {
			for _, senders := range []int{1, 2} {
				b.Run(fmt.Sprintf("proto=%s/series=%s/senders=%d", proto, kind, senders), func(b *testing.B) {
					c := receiving{v2: proto == "2.0", kind: kind, senders: senders}
					c.encode(b)
					for _, c.receiver = range []string{"slowburn", "no-engine", "prometheus", "append-only"} {
						b.Run("receiver="+c.receiver, c.run)
					}
				})
			}
		}
	}
}

// What the requests of a benchmark hold: series that were seen before, ever new
// ones, or those that no objective reads. Upstream's receiver stores them all.
const (
	known    = "known"
	fresh    = "new"
	unneeded = "unneeded"
)

type receiving struct {
	v2       bool
	kind     string
	senders  int
	receiver string
	requests [][][]byte          // by scrape and sender
	lsets    [][][]labels.Labels // of the series in them; none of those in an earlier one
}

const (
	perRequest   = 2000 // samples, as Prometheus sends by default
	benchScrapes = 60   // that one TSDB takes
)

// run sends a scrape a round, each sender its share of the series.
func (c receiving) run(b *testing.B) {
	var r *benchReceiver
	var cpu time.Duration
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		n := i % (benchScrapes - 1)
		if n == 0 {
			b.StopTimer()
			if r != nil {
				r.close()
			}
			r = c.open(b)
			r.scrape(b, c, 0) // the first is never measured
			runtime.GC()
			b.StartTimer()
		}
		before := cpuTime()
		r.scrape(b, c, n+1)
		cpu += cpuTime() - before
	}
	b.StopTimer()
	r.close()
	if cpu > 0 {
		b.ReportMetric(float64(b.N*c.senders*perRequest)/cpu.Seconds(), "samples/cpu-s")
	}
}

func (c *receiving) encode(b *testing.B) {
	for n := range benchScrapes {
		bodies, lsets := c.scrape(b, n)
		c.requests, c.lsets = append(c.requests, bodies), append(c.lsets, lsets)
	}
}

// scrape encodes the n-th scrape's requests, one a sender.
func (c *receiving) scrape(b *testing.B, n int) (bodies [][]byte, lsets [][]labels.Labels) {
	for sender := range c.senders {
		var ss []sent
		var ls []labels.Labels
		for i := sender * perRequest; i < (sender+1)*perRequest; i++ {
			code := fmt.Sprint(i)
			if c.kind == fresh {
				code = fmt.Sprint(n, "-", i)
			}
			ss = append(ss, series(fmt.Sprintf("http_requests_total_%d", i%20), "job", "checkout",
				"instance", fmt.Sprintf("10.0.%d.%d:9090", i/256, i%256), "code", code, "method", "POST",
				"handler", "/api/v1/checkout", "cluster", "eu-west-1", "namespace", "shop").
				at(scrapedAt(n).UnixMilli(), float64(n*i)))
			if n == 0 || c.kind == fresh {
				ls = append(ls, ss[len(ss)-1].lset())
			}
		}
		body, _ := encode(b, c.v2, ss...)
		bodies, lsets = append(bodies, snappy.Encode(nil, body)), append(lsets, ls)
	}
	return bodies, lsets
}

func scrapedAt(n int) time.Time { return start.Add(time.Duration(n) * 15 * time.Second) }

// benchReceiver is a handler and what lies behind it.
type benchReceiver struct {
	http.Handler
	contentType string
	now         atomic.Int64 // ms
	dbs         []*tsdb.DB
	engine      *rules.Engine
	refs        [][]storage.SeriesRef // of append-only, by sender
}

func (c *receiving) open(b *testing.B) *benchReceiver {
	r := &benchReceiver{contentType: typeV1}
	if c.v2 {
		r.contentType = typeV2
	}
	raw := r.opened(b, tsdb.OpenRaw)
	switch c.receiver {
	case "prometheus":
		r.Handler = remote.NewWriteHandler(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), raw,
			remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}, false, false)
	case "append-only":
		for range c.senders {
			r.refs = append(r.refs, make([]storage.SeriesRef, perRequest))
		}
	case "slowburn":
		r.engine = r.newEngine(b, raw, c.kind)
		r.receive(b, tsdb.ReceiverOptions{Store: raw, Sink: r.engine, Bind: r.engine.Bind, Unbind: r.engine.Unbind})
	default:
		var n atomic.Uint64
		r.receive(b, tsdb.ReceiverOptions{Store: raw, Sink: &countingSink{}, Bind: func(labels.Labels, bool) storage.SeriesRef {
			if c.kind == unneeded {
				return 0
			}
			return storage.SeriesRef(n.Add(1))
		}})
	}
	return r
}

func (r *benchReceiver) opened(b *testing.B, open func(string, tsdb.Options) (*tsdb.DB, error)) *tsdb.DB {
	db, err := open(b.TempDir(), tsdb.Options{MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	r.dbs = append(r.dbs, db)
	return db
}

func (r *benchReceiver) receive(b *testing.B, o tsdb.ReceiverOptions) {
	var err error
	o.Now = r.wall
	if r.Handler, err = tsdb.NewReceiver(o); err != nil {
		b.Fatal(err)
	}
}

// newEngine counts an objective per metric name, and none of them if the series are
// unneeded.
func (r *benchReceiver) newEngine(b *testing.B, raw *tsdb.DB, kind string) *rules.Engine {
	var objectives []*slo.Objective
	for n := range 20 {
		objectives = append(objectives, benchObjective(fmt.Sprintf("http_requests_total_%d", n)))
	}
	if kind == unneeded {
		objectives = []*slo.Objective{benchObjective("other_requests_total")}
	}
	e, err := rules.New(rules.Options{
		Raw: raw, Ledger: r.opened(b, tsdb.OpenLedger), Store: forgetful{}, Position: raw.Position, Since: raw.Since,
		SourceLabels: []string{"cluster", "prometheus"}, Slot: slo.DefaultSlot, Now: r.wall,
	})
	if err == nil {
		err = e.Apply(context.Background(), objectives)
	}
	if err == nil {
		err = e.Restore(context.Background())
	}
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func benchObjective(metric string) *slo.Objective {
	w := slo.Rolling(30 * 24 * time.Hour)
	total := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, metric)}
	bad := append([]*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "code", ".*7")}, total...)
	return &slo.Objective{
		// A tenth fails, and may: nothing is paged at each slot.
		Service: metric, Name: "availability", Target: 0.5, Windows: []slo.Window{w}, Format: slo.FormatNative,
		SLI:   slo.SLI{Births: slo.BirthsAuto, Terms: []slo.Term{{Matchers: bad, Bad: 1}, {Matchers: total, Total: 1}}},
		Rules: slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(w),
	}
}

// scrape posts a scrape's requests at once, and closes the slots that are due.
func (r *benchReceiver) scrape(b *testing.B, c receiving, n int) {
	r.now.Store(scrapedAt(n).UnixMilli() + 1000)
	var senders sync.WaitGroup
	for sender, body := range c.requests[n] {
		senders.Go(func() {
			if r.refs != nil {
				r.appendOnly(b, n, sender, c.lsets[n][sender])
			} else {
				r.post(b, body)
			}
		})
	}
	senders.Wait()
	if r.engine == nil {
		return
	}
	if err := r.engine.Tick(context.Background(), r.now.Load()); err != nil {
		b.Fatal(err)
	}
}

func (r *benchReceiver) post(b *testing.B, body []byte) {
	req := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(body))
	req.Header.Set("Content-Type", r.contentType)
	req.Header.Set("Content-Encoding", "snappy")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	if w.Code/100 != 2 {
		b.Error(w.Code, w.Body.String())
	}
}

// appendOnly is the least that a receiver does with samples: it appends them by their
// reference, or by labels if they are of new series.
func (r *benchReceiver) appendOnly(b *testing.B, n, sender int, lsets []labels.Labels) {
	app := r.dbs[0].AppenderV2(context.Background())
	refs, t := r.refs[sender], scrapedAt(n).UnixMilli()
	for i, ref := range refs {
		lset := labels.EmptyLabels()
		if len(lsets) > 0 {
			ref, lset = 0, lsets[i]
		}
		var err error
		if refs[i], err = app.Append(ref, lset, 0, t, float64(n*(sender*perRequest+i)), nil, nil, storage.AppendV2Options{}); err != nil {
			b.Error(err)
		}
	}
	if err := app.Commit(); err != nil {
		b.Error(err)
	}
}

func (r *benchReceiver) wall() time.Time { return time.UnixMilli(r.now.Load()) }

func (r *benchReceiver) close() {
	for _, db := range r.dbs {
		db.Close()
	}
}

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// forgetful is a store of the engine's records that keeps none.
type forgetful struct{}

func (forgetful) Load() (map[string]rules.Record, error)       { return nil, nil }
func (forgetful) Save(map[string]rules.Record, []string) error { return nil }

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
