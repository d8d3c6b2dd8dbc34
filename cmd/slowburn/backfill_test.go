package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
	"github.com/slowburn/slowburn/slo/spec"
	"github.com/slowburn/slowburn/tsdb"
	"github.com/slowburn/slowburn/tsdb/state"
)

const hourMS = int64(60 * 60 * 1000)

// served is the engine as `slowburn serve` runs it over a data folder, with a clock
// that the test moves.
type served struct {
	t           *testing.T
	raw, ledger *tsdb.DB
	state       *state.DB
	engine      *rules.Engine
	now         int64
}

func serveData(t *testing.T, data string, now int64) *served {
	t.Helper()
	s := &served{t: t, now: now}
	var err error
	s.must(os.MkdirAll(data, 0o777))
	s.state, err = state.Open(filepath.Join(data, "state.db"), state.Options{})
	s.must(err)
	s.raw, err = tsdb.OpenRaw(filepath.Join(data, "raw"), tsdb.Options{MinFree: -1, Retention: 10 * 365 * 24 * time.Hour})
	s.must(err)
	s.ledger, err = tsdb.OpenLedger(filepath.Join(data, "ledger"), tsdb.Options{MinFree: -1, Retention: 10 * 365 * 24 * time.Hour})
	s.must(err)
	s.engine, err = rules.New(rules.Options{
		SourceLabels: []string{"cluster", "prometheus"}, Raw: s.raw, Ledger: s.ledger,
		Position: s.raw.Position, Since: s.raw.Since, Store: state.NewBucket[rules.Record](s.state, "rules"),
		Checkpoint: filepath.Join(data, "checkpoint"), Now: func() time.Time { return time.UnixMilli(s.now) },
	})
	s.must(err)
	s.must(s.engine.LoadRecords())
	set, err := load.Text("checkout.yml", []byte(checkoutSLO), spec.Options{})
	s.must(err)
	s.must(s.engine.Apply(context.Background(), set.Objectives))
	s.must(s.engine.Restore(context.Background()))
	return s
}

func (s *served) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// live has the samples of a Prometheus in (from, to] arrive, as its remote write
// would send them.
func (s *served) live(db *promtsdb.DB, from, to int64) {
	s.t.Helper()
	byTime := map[int64][]storeSample{}
	q, err := db.Querier(from+1, to)
	s.must(err)
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+"))
	for set.Next() {
		b := labels.NewBuilder(set.At().Labels())
		lset := b.Set("cluster", "eu-1").Set("prometheus", "a").Labels()
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			t, v := it.At()
			byTime[t] = append(byTime[t], storeSample{lset, v})
		}
	}
	s.must(set.Err())
	s.must(q.Close())
	for t := from + 1; t <= to; t++ {
		samples := byTime[t]
		if len(samples) == 0 {
			continue
		}
		s.now = t + 500
		app := s.raw.AppenderV2(context.Background())
		sink := s.engine.AppenderV2(context.Background())
		for _, x := range samples {
			_, err := app.Append(0, x.lset, 0, t, x.v, nil, nil, storage.AppendV2Options{})
			s.must(err)
			_, err = sink.Append(s.engine.Bind(x.lset, true), labels.EmptyLabels(), 0, t, x.v, nil, nil, storage.AppendV2Options{})
			s.must(err)
		}
		s.must(app.Commit())
		s.must(sink.Commit())
		s.must(s.engine.Tick(context.Background(), s.now))
	}
}

type storeSample struct {
	lset labels.Labels
	v    float64
}

// counts closes every slot and returns what the 30 d window holds.
func (s *served) counts() slo.Counts {
	s.t.Helper()
	for range 16 {
		s.now += 15_000
		s.must(s.engine.Tick(context.Background(), s.now))
	}
	st := s.engine.Status()
	if len(st) != 1 || len(st[0].Windows) != 1 {
		s.t.Fatalf("want one budget that was evaluated, have %+v", st)
	}
	return st[0].Windows[0].Counts
}

func (s *served) close() {
	s.t.Helper()
	s.must(s.engine.WriteCheckpoint())
	s.must(s.raw.Close())
	s.must(s.ledger.Close())
	s.must(s.state.Close())
}

// backfillRig is a Prometheus with hours of history, a data folder and a configuration.
type backfillRig struct {
	t          *testing.T
	db         *promtsdb.DB
	prom       *testPrometheus
	data       string
	config     string
	bad, total float64
	end        int64
}

func newBackfillRig(t *testing.T, hours int64) *backfillRig {
	t.Helper()
	r := &backfillRig{t: t, data: filepath.Join(t.TempDir(), "data"), db: openTestTSDB(t, t.TempDir()), end: testStart + hours*hourMS}
	r.bad, r.total = writeCheckout(t, r.db, testStart, hours, 5)
	r.prom = servePrometheus(t, r.db, true)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "checkout.yml"), checkoutSLO)
	r.config = write(t, filepath.Join(dir, "slowburn.yml"), "slo_files: [checkout.yml]\n")
	return r
}

func (r *backfillRig) backfill() (code int, out, complaint string) {
	r.t.Helper()
	return slowburn(r.t, "backfill", "--config.file="+r.config, "--storage.tsdb.path="+r.data, "--history.url="+r.prom.URL,
		"--start=2027-01-15", "--end="+time.UnixMilli(r.end).UTC().Format(time.RFC3339))
}

func (r *backfillRig) mustBackfill() {
	r.t.Helper()
	if code, _, complaint := r.backfill(); code != 0 {
		r.t.Fatalf("exit code %d: %s", code, complaint)
	}
}

// counts are what serve makes of the data folder.
func (r *backfillRig) counts(now int64) slo.Counts {
	r.t.Helper()
	s := serveData(r.t, r.data, now)
	defer s.close()
	return s.counts()
}

func (r *backfillRig) wantCounts(have slo.Counts) {
	r.t.Helper()
	if have.Bad != r.bad || have.Total != r.total {
		r.t.Errorf("want %g of %g bad, have %g of %g", r.bad, r.total, have.Bad, have.Total)
	}
}

func (r *backfillRig) journal() *backfillJournal {
	r.t.Helper()
	j, err := readJournal(filepath.Join(r.data, "backfill.json"))
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// TestBackfillNewData fills a data folder that nothing was ever served from.
func TestBackfillNewData(t *testing.T) {
	r := newBackfillRig(t, 8)
	r.mustBackfill()
	once := r.counts(r.end + 1000)
	r.wantCounts(once)
	if once.Observed == 0 || once.Expected < once.Observed {
		t.Errorf("want scrapes observed, at most as many as expected, have %+v", once)
	}
	// Twice is the same as once, and leaves nothing behind.
	r.mustBackfill()
	if diff := cmp.Diff(once, r.counts(r.end+1000)); diff != "" {
		t.Errorf("a second backfill (-once +twice):\n%s", diff)
	}
	if j := r.journal(); len(j.Blocks) != 1 || len(j.Blocks["b2"]) == 0 || !j.Complete {
		t.Errorf("want the blocks of the second backfill alone, have %+v", j)
	}
}

// TestBackfillBeforeLive fills the time before slowburn began to count, up to that
// very slot; what it counts afterwards adds to it.
func TestBackfillBeforeLive(t *testing.T) {
	r := newBackfillRig(t, 12)
	s := serveData(t, r.data, testStart+6*hourMS)
	s.live(r.db, testStart+6*hourMS, testStart+9*hourMS)
	s.counts()
	s.close()

	r.mustBackfill()
	s = serveData(t, r.data, testStart+9*hourMS+1000)
	s.live(r.db, testStart+9*hourMS, r.end)
	have := s.counts()
	s.close()
	// The live engine's first samples counted from nothing: what happened between the
	// last before them and them is nobody's.
	want := r.total - 150
	if have.Bad != r.bad || have.Total != want {
		t.Errorf("want %g of %g bad, have %g of %g", r.bad, want, have.Bad, have.Total)
	}
	r.mustBackfill()
	if again := r.counts(r.end + 1000); again.Bad != have.Bad || again.Total != have.Total {
		t.Errorf("want the same again, have %+v and %+v", have, again)
	}
}

// TestBackfillResumes stops in the middle, since the Prometheus fails, and goes on
// from the last block that is complete.
func TestBackfillResumes(t *testing.T) {
	r := newBackfillRig(t, 80)
	inner := r.prom.Config.Handler
	var reads atomic.Int64
	var failing atomic.Bool
	failing.Store(true)
	r.prom.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// The first asks whether it answers at all, the second looks back.
		if strings.HasSuffix(req.URL.Path, "/read") && reads.Add(1) > 5 && failing.Load() {
			http.Error(w, "disk on fire", http.StatusInternalServerError)
			return
		}
		inner.ServeHTTP(w, req)
	})
	code, _, complaint := r.backfill()
	if code != 1 || !strings.Contains(complaint, "run it again to go on") || !strings.Contains(complaint, "disk on fire") {
		t.Fatalf("want it to fail and say what to do, have %d: %s", code, complaint)
	}
	stopped := r.journal()
	if stopped.Complete || stopped.Done <= testStart || len(stopped.Blocks["b1"]) == 0 {
		t.Fatalf("want some blocks in place, have %+v", stopped)
	}
	failing.Store(false)
	r.mustBackfill()
	if j := r.journal(); !j.Complete || j.Number != 1 || len(j.Blocks["b1"]) <= len(stopped.Blocks["b1"]) || j.Blocks["b1"][0] != stopped.Blocks["b1"][0] {
		t.Errorf("want more blocks beside %v, have %+v", stopped.Blocks, j)
	}
	resumed := r.counts(r.end + 1000)
	r.wantCounts(resumed)

	whole := newBackfillRig(t, 80)
	whole.mustBackfill()
	if diff := cmp.Diff(whole.counts(whole.end+1000), resumed); diff != "" {
		t.Errorf("(-whole +resumed):\n%s", diff)
	}
}

// TestBackfillWhileServing says that slowburn has to be stopped.
func TestBackfillWhileServing(t *testing.T) {
	r := newBackfillRig(t, 2)
	s := serveData(t, r.data, r.end)
	defer s.close()
	if code, _, complaint := r.backfill(); code != 1 || !strings.Contains(complaint, "is slowburn running? Stop it") {
		t.Errorf("want exit code 1 and advice, have %d: %s", code, complaint)
	}
}
