package rules_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/slo"
)

const slot = 15 * time.Second

// memStore keeps records as a durable store would.
type memStore struct {
	mu sync.Mutex
	m  map[string]rules.Record
}

func (s *memStore) Load() (map[string]rules.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]rules.Record{}
	for k, v := range s.m {
		out[k] = v
	}
	return out, nil
}

func (s *memStore) Save(put map[string]rules.Record, del []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range put {
		s.m[k] = v
	}
	for _, k := range del {
		delete(s.m, k)
	}
	return nil
}

type arrival struct {
	lset  labels.Labels
	st, t int64
	v     float64
	h     *histogram.FloatHistogram
	at    int64 // when it arrives, wall ms
}

// rig is an engine over real TSDBs, fed as the receiver feeds it, with a wall clock
// that the test moves.
type rig struct {
	t           testing.TB
	raw, ledger *promtsdb.DB
	store       *memStore
	states      rules.Store // used instead of store if set
	engine      *rules.Engine
	now         int64
	objectives  []*slo.Objective
	log         []arrival // all samples in order of arrival: what a raw WAL holds
	levels      [][]slo.Alert
	dir         string
	slot        time.Duration
	metrics     *metrics.Set
	steps       int                      // scrapes so far, for tests that drive on
	limit       int                      // of groups; 0 is the default
	heard       func(labels.Labels) bool // what Alertmanager acknowledged; nil: all
	checkpoint  string                   // file; empty: none
	queries     query.Limits
	damaged     bool                 // raw samples were lost before the next start
	amend       func(*rules.Options) // nil: nothing more
}

func openDB(t testing.TB, dir string) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.OutOfOrderTimeWindow = (40 * 24 * time.Hour).Milliseconds()
	opts.RetentionDuration = 0
	opts.EnableSTStorage, opts.FloatChunkEncoding = true, chunkenc.EncXOR2
	opts.EnableHistogramSTEncoding = true
	opts.EnableExemplarStorage, opts.MaxExemplars = true, 1000
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	return db
}

func newRig(t testing.TB, now int64, objectives ...*slo.Objective) *rig {
	t.Helper()
	return newRigWith(t, now, nil, objectives...)
}

func newRigWith(t testing.TB, now int64, amend func(*rules.Options), objectives ...*slo.Objective) *rig {
	t.Helper()
	r := &rig{t: t, now: now, objectives: objectives, amend: amend, store: &memStore{m: map[string]rules.Record{}}, slot: slot}
	var err error
	r.dir, err = os.MkdirTemp("", "rig")
	r.must(err)
	r.raw, r.ledger = openDB(t, r.dir+"/raw"), openDB(t, r.dir+"/ledger")
	t.Cleanup(r.close)
	r.start()
	return r
}

// close lets go of everything the rig holds. A test that makes many rigs closes each
// when it is done with it, not when the test ends.
func (r *rig) close() {
	if r.raw == nil {
		return
	}
	for _, db := range []*promtsdb.DB{r.raw, r.ledger} {
		if err := db.Close(); err != nil {
			r.t.Error(err)
		}
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.t.Error(err)
	}
	*r = rig{t: r.t}
}

func (r *rig) start() {
	r.t.Helper()
	var err error
	r.metrics = metrics.NewSet()
	var store rules.Store = r.store
	if r.states != nil {
		store = r.states
	}
	o := rules.Options{
		Raw: r.raw, Damaged: r.damaged, Ledger: r.ledger, Store: store, Slot: r.slot, Metrics: r.metrics, GroupLimit: r.limit, Checkpoint: r.checkpoint, Queries: r.queries,
		Acknowledged: func(l labels.Labels) bool { return r.heard == nil || r.heard(l) },
		SourceLabels: []string{"cluster", "prometheus"},
		Now:          func() time.Time { return time.UnixMilli(r.now) },
		Position:     func() int64 { return int64(len(r.log)) },
		Since: func(pos int64, fn func(labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram) error) error {
			for _, a := range r.log[pos:] {
				if err := fn(a.lset, a.st, a.t, a.v, nil, a.h); err != nil {
					return err
				}
			}
			return nil
		},
		Notify: func(level []slo.Alert) { r.levels = append(r.levels, level) },
	}
	if r.amend != nil {
		r.amend(&o)
	}
	r.engine, err = rules.New(o)
	r.must(err)
	r.must(r.engine.LoadRecords())
	r.must(r.engine.Apply(context.Background(), r.objectives))
	r.must(r.engine.Restore(context.Background()))
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// crash forgets the engine and starts another over the same stores.
func (r *rig) crash() {
	r.t.Helper()
	r.start()
}

// send stores samples in the raw TSDB and hands them to the engine, as one request.
func (r *rig) send(samples ...arrival) {
	r.t.Helper()
	r.storeRaw(samples...)
	sink := r.engine.AppenderV2(context.Background())
	for _, a := range samples {
		ref := r.engine.Bind(a.lset, true)
		if ref == 0 {
			continue
		}
		_, err := sink.Append(ref, labels.EmptyLabels(), a.st, a.t, a.v, nil, a.h, storage.AppendV2Options{})
		r.must(err)
	}
	r.must(sink.Commit())
}

// storeRaw stores samples in the raw TSDB alone.
func (r *rig) storeRaw(samples ...arrival) {
	r.t.Helper()
	app := r.raw.AppenderV2(context.Background())
	for _, a := range samples {
		_, err := app.Append(0, a.lset, a.st, a.t, a.v, nil, a.h, storage.AppendV2Options{})
		r.must(err)
	}
	r.must(app.Commit())
	r.log = append(r.log, samples...)
}

// tick closes what is due, asks the queries that are due then, and closes that.
func (r *rig) tick() {
	r.t.Helper()
	for again := true; again; again = r.engine.Ask(context.Background()) {
		r.must(r.engine.Tick(context.Background(), r.now))
	}
}

// flush closes every slot with data, as silence does in the end.
func (r *rig) flush() {
	r.t.Helper()
	r.now += (20 * time.Minute).Milliseconds()
	r.tick()
}

// stored is the newest value of a ledger counter, all sources and generations added.
func (r *rig) stored(name string, ms ...*labels.Matcher) float64 {
	r.t.Helper()
	q, err := r.ledger.Querier(math.MinInt64, math.MaxInt64)
	r.must(err)
	defer q.Close()
	ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	set := q.Select(context.Background(), false, nil, ms...)
	sum := 0.0
	for set.Next() {
		it := set.At().Iterator(nil)
		last, prevT := 0.0, int64(math.MinInt64)
		for it.Next() != 0 {
			t, v := it.At()
			if v < last {
				r.t.Fatalf("%s falls from %g to %g at %d", name, last, v, t)
			}
			if t <= prevT || t%slot.Milliseconds() != 0 {
				r.t.Fatalf("%s has a row at %d after %d", name, t, prevT)
			}
			last, prevT = v, t
		}
		sum += last
	}
	r.must(set.Err())
	return sum
}

// metric is the value of one of the engine's own metrics.
func (r *rig) metric(name string) float64 {
	r.t.Helper()
	var b bytes.Buffer
	r.metrics.WritePrometheus(&b)
	for line := range strings.Lines(b.String()) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == name {
			f, err := strconv.ParseFloat(v, 64)
			r.must(err)
			return f
		}
	}
	r.t.Fatalf("no metric %s", name)
	return 0
}

func (r *rig) firing(severity string) []slo.Alert {
	var out []slo.Alert
	for _, a := range r.engine.Alerts() {
		if a.State == slo.AlertFiring && a.Labels.Get("severity") == severity {
			out = append(out, a)
		}
	}
	return out
}

func matcher(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, name, value)
}

// availability is an objective over http_requests_total{job="shop"}.
func availability(target float64, by ...string) *slo.Objective {
	total := []*labels.Matcher{matcher(labels.MetricName, "http_requests_total"), matcher("job", "shop")}
	bad := append(append([]*labels.Matcher{}, total...), labels.MustNewMatcher(labels.MatchRegexp, "code", "5.."))
	w := slo.Rolling(30 * 24 * time.Hour)
	return &slo.Objective{
		Service: "shop", Name: "availability", Target: target, Windows: []slo.Window{w}, Format: slo.FormatNative,
		SLI: slo.SLI{By: by, Births: slo.BirthsAuto, Terms: []slo.Term{
			{Matchers: bad, Bad: 1}, {Matchers: total, Total: 1},
		}},
		Rules: slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(w), RollUpAlerts: true,
	}
}

func requests(code, instance string) labels.Labels {
	return labels.FromStrings(labels.MetricName, "http_requests_total", "job", "shop", "code", code, "instance", instance, "prometheus", "a")
}
