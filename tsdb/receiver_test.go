package tsdb_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"github.com/slowburn/slowburn/tsdb"
)

func fixedNow(t time.Time) func() time.Time { return func() time.Time { return t } }

// recorder is a sink that remembers what it was fed, as rules.Engine is one.
type recorder struct {
	mu   sync.Mutex
	refs map[string]storage.SeriesRef
	name map[storage.SeriesRef]string
	fed  []string
	skip func(labels.Labels) bool
}

func newRecorder() *recorder {
	return &recorder{refs: map[string]storage.SeriesRef{}, name: map[storage.SeriesRef]string{}}
}

func (r *recorder) Bind(l labels.Labels, _ bool) storage.SeriesRef {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.skip != nil && r.skip(l) {
		return 0
	}
	k := l.String()
	if r.refs[k] == 0 {
		r.refs[k] = storage.SeriesRef(len(r.refs) + 1)
		r.name[r.refs[k]] = k
	}
	return r.refs[k]
}

func (r *recorder) AppenderV2(context.Context) storage.AppenderV2 { return &recording{r: r} }

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.fed
	r.fed = nil
	return out
}

type recording struct {
	r       *recorder
	pending []string
}

func (a *recording) Append(ref storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AppendV2Options) (storage.SeriesRef, error) {
	if !l.IsEmpty() {
		return 0, fmt.Errorf("labels given: %s", l)
	}
	a.r.mu.Lock()
	name := a.r.name[ref]
	a.r.mu.Unlock()
	x := fmt.Sprintf("%s t=%d v=%g", name, t-start.UnixMilli(), v)
	if st != 0 {
		x += fmt.Sprintf(" st=%d", st-start.UnixMilli())
	}
	if h != nil || fh != nil {
		x += " hist"
	}
	if len(o.Exemplars) > 0 {
		x += fmt.Sprintf(" exemplars=%d", len(o.Exemplars))
	}
	a.pending = append(a.pending, x)
	return ref, nil
}

func (a *recording) Commit() error {
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	a.r.fed = append(a.r.fed, a.pending...)
	return nil
}
func (a *recording) Rollback() error { return nil }

// stand is a receiver over a real TSDB, with its sink and its clock.
type stand struct {
	*tsdb.Receiver
	dir  string
	db   *tsdb.DB
	sink *recorder
	set  *metrics.Set
	wall time.Time
	mono time.Duration
}

func newStand(t testing.TB, change func(*tsdb.ReceiverOptions)) *stand {
	t.Helper()
	return newStandOver(t, t.TempDir(), tsdb.Options{}, change)
}

func newStandOver(t testing.TB, dir string, dbo tsdb.Options, change func(*tsdb.ReceiverOptions)) *stand {
	t.Helper()
	s := &stand{dir: dir, sink: newRecorder(), set: metrics.NewSet(), wall: start.Add(time.Hour)}
	dbo.Metrics = s.set
	s.db = openRaw(t, dir, dbo)
	o := tsdb.ReceiverOptions{
		Store: s.db, Sink: s.sink, Bind: s.sink.Bind, Metrics: s.set,
		Now: func() time.Time { return s.wall }, Monotonic: func() time.Duration { return s.mono },
	}
	if change != nil {
		change(&o)
	}
	r, err := tsdb.NewReceiver(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Receiver = r
	return s
}

func (s *stand) pass(d time.Duration) { s.wall, s.mono = s.wall.Add(d), s.mono+d }

func (s *stand) counter(name string) uint64 { return s.set.GetOrCreateCounter(name).Get() }

func (s *stand) dropped(reason string) uint64 {
	return s.counter(fmt.Sprintf("slowburn_ingest_samples_dropped_total{reason=%q}", reason))
}

var ms = start.UnixMilli()

func TestStoresAndFeedsWhatItIsSent(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		a := series("a", "cluster", "eu", "code", "500")
		a.ST = ms - 60_000
		b := series("b")
		w := send(t, s, v2, 204, a.at(ms, 1).at(ms+15000, 2), b.at(ms, math.Float64frombits(value.StaleNaN)))
		send(t, s, v2, 204, a.at(ms+30000, 3))

		want := map[string][]point{a.lset().String(): {{ms, 1}, {ms + 15000, 2}, {ms + 30000, 3}}}
		got := read(t, s.db)
		if stale := got[b.lset().String()]; len(stale) != 1 || !value.IsStaleNaN(stale[0].V) {
			t.Errorf("stale marker read back as %v", stale)
		}
		delete(got, b.lset().String())
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("stored (-want +got):\n%s", d)
		}
		st := ""
		if v2 {
			st = " st=-60000"
			if h := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); h != "3" {
				t.Errorf("samples written: %q", h)
			}
		}
		wantFed := []string{
			a.lset().String() + " t=0 v=1" + st, a.lset().String() + " t=15000 v=2" + st,
			b.lset().String() + " t=0 v=NaN", a.lset().String() + " t=30000 v=3" + st,
		}
		// Sources are handled one after the other; b has none.
		if d := cmp.Diff(wantFed, s.sink.take()); d != "" {
			t.Errorf("fed (-want +got):\n%s", d)
		}
		byName := map[string]tsdb.SourceInfo{}
		for _, x := range s.Sources() {
			byName[x.Name] = x
		}
		wantSources := map[string]tsdb.SourceInfo{
			"eu": {Name: "eu", Newest: ms + 30000, Received: s.wall, Samples: 3},
			"":   {Name: "", Newest: ms, Received: s.wall, Samples: 1},
		}
		if d := cmp.Diff(wantSources, byName); d != "" {
			t.Errorf("sources (-want +got):\n%s", d)
		}
		if n := s.counter(`slowburn_ingest_samples_stored_total{type="float"}`); n != 4 {
			t.Errorf("stored %d, want 4", n)
		}
	})
}

func TestBothProtocolsMeetInOneSeries(t *testing.T) {
	s := newStand(t, nil)
	a := series("a", "x", "1")
	send(t, s, false, 204, a.at(ms, 1))
	send(t, s, true, 204, a.at(ms, 1).at(ms+1, 2))
	send(t, s, false, 204, a.at(ms+1, 2))
	unsorted := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "x", Value: "1"}, {Name: "empty"}, {Name: "__name__", Value: "a"}},
		Samples: []prompb.Sample{{Timestamp: ms + 1, Value: 2}, {Timestamp: ms + 2, Value: 3}},
	}}}
	body, _ := unsorted.Marshal()
	if w := post(s, body, ""); w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	if d := cmp.Diff(map[string][]point{a.lset().String(): {{ms, 1}, {ms + 1, 2}, {ms + 2, 3}}}, read(t, s.db)); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	if n := s.dropped("duplicate"); n != 3 {
		t.Errorf("%d duplicates, want 3", n)
	}
	if n := len(s.sink.take()); n != 3 {
		t.Errorf("fed %d samples, want 3", n)
	}
}

func TestHistogramsAndExemplars(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		hs := tsdbutil.GenerateTestHistograms(3)
		fhs := tsdbutil.GenerateTestFloatHistograms(2)
		custom := tsdbutil.GenerateTestCustomBucketsHistogram(5)
		h := series("h", "x", "1")
		h.Histograms = []prompb.Histogram{prompb.FromIntHistogram(ms, hs[0]), prompb.FromIntHistogram(ms+1000, hs[1])}
		h.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: "abc"}}, Value: 0.5, Timestamp: ms}}
		f := series("f")
		f.Histograms = []prompb.Histogram{prompb.FromFloatHistogram(ms, fhs[0])}
		c := series("c")
		c.Histograms = []prompb.Histogram{prompb.FromIntHistogram(ms, custom)}
		w := send(t, s, v2, 204, h, f, c)
		if v2 {
			if got := w.Header().Get("X-Prometheus-Remote-Write-Histograms-Written"); got != "4" {
				t.Errorf("histograms written: %q", got)
			}
			if got := w.Header().Get("X-Prometheus-Remote-Write-Exemplars-Written"); got != "1" {
				t.Errorf("exemplars written: %q", got)
			}
		}
		q, err := s.db.Querier(0, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "h"))
		set.Next()
		it := set.At().Iterator(nil)
		for i := range 2 {
			if it.Next() != chunkenc.ValHistogram {
				t.Fatal("no histogram")
			}
			if _, got := it.AtHistogram(nil); !got.Equals(hs[i]) {
				t.Errorf("histogram %d: want %s, have %s", i, hs[i], got)
			}
		}
		q.Close()
		eq, err := s.db.ExemplarQuerier(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		es, err := eq.Select(0, math.MaxInt64, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "h")})
		if err != nil || len(es) != 1 || len(es[0].Exemplars) != 1 || !es[0].Exemplars[0].Equals(exemplar.Exemplar{Labels: labels.FromStrings("trace_id", "abc"), Value: 0.5, Ts: ms, HasTs: true}) {
			t.Errorf("exemplars: %v, %v", es, err)
		}
		wantFed := []string{
			h.lset().String() + " t=0 v=0 hist", h.lset().String() + " t=1000 v=0 hist exemplars=1",
			f.lset().String() + " t=0 v=0 hist", c.lset().String() + " t=0 v=0 hist",
		}
		if d := cmp.Diff(wantFed, s.sink.take()); d != "" {
			t.Errorf("fed (-want +got):\n%s", d)
		}
		// All of it again is a duplicate, another value is not.
		send(t, s, v2, 204, h, f, c)
		if n := s.dropped("duplicate"); n != 4 {
			t.Errorf("%d duplicates, want 4", n)
		}
		h.Histograms = []prompb.Histogram{prompb.FromIntHistogram(ms, hs[2])}
		send(t, s, v2, 400, h)
		if n := s.dropped("conflict"); n != 1 {
			t.Errorf("%d conflicts, want 1", n)
		}
		bad := hs[0].Copy()
		bad.Count += 17
		h.Histograms = []prompb.Histogram{prompb.FromIntHistogram(ms+5000, bad)}
		send(t, s, v2, 400, h, series("a").at(ms, 1))
		if s.dropped("invalid_histogram") != 1 || len(read(t, s.db)["{__name__=\"a\"}"]) != 1 {
			t.Error("an invalid histogram was not refused alone")
		}
		// A float stale marker ends a histogram series, and is known when it returns.
		stale := series("h", "x", "1").at(ms+9000, math.Float64frombits(value.StaleNaN))
		send(t, s, v2, 204, stale)
		send(t, s, v2, 204, stale)
		if n := s.dropped("duplicate"); n != 5 {
			t.Errorf("%d duplicates after a stale marker, want 5", n)
		}
	})
}

func TestFault05_DuplicatesAndOutOfOrder(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		a := series("a")
		send(t, s, v2, 204, a.at(ms, 1).at(ms+30000, 3))
		s.sink.take()
		// Within one request: a late one, the same twice, one that repeats, one that
		// contradicts.
		w := send(t, s, v2, 400, a.at(ms+15000, 2).at(ms+15000, 2).at(ms+30000, 3).at(ms, 9).at(ms+45000, 4))
		if text := w.Body.String(); !strings.Contains(text, "1 refused as conflict") || !strings.Contains(text, `{__name__="a"} at 2026-05-01T12:00:00.000Z`) {
			t.Errorf("answer %q", text)
		}
		want := []point{{ms, 1}, {ms + 15000, 2}, {ms + 30000, 3}, {ms + 45000, 4}}
		if d := cmp.Diff(want, read(t, s.db)[a.lset().String()]); d != "" {
			t.Errorf("stored (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{a.lset().String() + " t=15000 v=2", a.lset().String() + " t=45000 v=4"}, s.sink.take()); d != "" {
			t.Errorf("fed (-want +got):\n%s", d)
		}
		if got := [3]uint64{s.dropped("duplicate"), s.dropped("conflict"), s.counter("slowburn_ingest_series_lookups_total")}; got != [3]uint64{2, 1, 1} {
			t.Errorf("duplicates, conflicts, lookups: %v, want 2, 1, 1", got)
		}
		// Too old: refused alone, and counted.
		send(t, s, v2, 400, a.at(ms-7*3600*1000, 0), series("b").at(ms, 1))
		if s.dropped("too_old") != 1 || len(read(t, s.db)[series("b").lset().String()]) != 1 {
			t.Error("a sample that is too old was not refused alone")
		}
		// A restart forgets nothing.
		again := newStandOver(t, killed(t, s.dir), tsdb.Options{}, nil)
		send(t, again, v2, 204, a.at(ms, 1).at(ms+15000, 2).at(ms+30000, 3).at(ms+45000, 4))
		if n := again.dropped("duplicate"); n != 4 {
			t.Errorf("%d duplicates after a restart, want 4", n)
		}
		if fed := again.sink.take(); len(fed) != 0 {
			t.Errorf("duplicates fed after a restart: %v", fed)
		}
		send(t, again, v2, 400, a.at(ms+15000, 7))
	})
}

func TestKeepsWhatIsNeeded(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		needed := map[string]bool{"a": true}
		s.sink.skip = func(l labels.Labels) bool { return !needed[l.Get("__name__")] }
		for i := range int64(3) {
			w := send(t, s, v2, 204, series("a").at(ms+i, 1), series("b").at(ms+i, 1))
			if got := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); v2 && got != "2" {
				t.Errorf("samples written: %q, want 2: policy is no refusal", got)
			}
		}
		if got := read(t, s.db); len(got) != 1 || s.dropped("unneeded") != 3 {
			t.Errorf("stored %v, unneeded %d", got, s.dropped("unneeded"))
		}
		needed["a"], needed["b"] = false, true
		s.Rebind(tsdb.KeepSLO)
		send(t, s, v2, 204, series("a").at(ms+10, 1), series("b").at(ms+10, 1))
		got := read(t, s.db)
		if len(got[`{__name__="a"}`]) != 3 || len(got[`{__name__="b"}`]) != 1 {
			t.Errorf("after a reload: %v", got)
		}

		// The reload may also say that all is kept, and the next one that it is not.
		s.Rebind(tsdb.KeepAll)
		send(t, s, v2, 204, series("a").at(ms+20, 1), series("z").at(ms+20, 1))
		s.Rebind(tsdb.KeepSLO)
		send(t, s, v2, 204, series("a").at(ms+30, 1), series("z").at(ms+30, 1))
		if got := read(t, s.db); len(got[`{__name__="a"}`]) != 4 || len(got[`{__name__="z"}`]) != 1 {
			t.Errorf("keep: all for a while: %v", got)
		}

		all := newStand(t, func(o *tsdb.ReceiverOptions) { o.Keep, o.Bind = tsdb.KeepAll, nil })
		send(t, all, v2, 204, series("a").at(ms, 1))
		if len(read(t, all.db)) != 1 || len(all.sink.take()) != 0 {
			t.Error("keep: all without a binding")
		}
	})
}

func TestInvalidSeriesAreRefusedAlone(t *testing.T) {
	cases := []struct {
		name, reason string
		s            sent
	}{
		{"no name", "invalid_labels", sent{Labels: []string{"job", "x"}}},
		{"empty name", "invalid_labels", series("a", "", "v")},
		{"empty metric name", "invalid_labels", series("")},
		{"twice", "invalid_labels", series("a", "x", "1", "x", "2")},
		{"not UTF-8", "invalid_labels", series("a", "x", "\xff")},
		{"long name", "label_limit", series("a", strings.Repeat("n", 1025), "v")},
		{"long value", "label_limit", series("a", "x", strings.Repeat("v", 4097))},
		{"many labels", "label_limit", func() sent {
			s := series("a")
			for i := range 64 {
				s.Labels = append(s.Labels, fmt.Sprint("l", i), "v")
			}
			return s
		}()},
	}
	protocols(t, func(t *testing.T, v2 bool) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := newStand(t, nil)
				w := send(t, s, v2, 400, series("good").at(ms, 1), c.s.at(ms, 1).at(ms+1, 1))
				if s.dropped(c.reason) != 2 || !strings.Contains(w.Body.String(), "2 refused as "+c.reason) {
					t.Errorf("dropped %d: %s", s.dropped(c.reason), w.Body)
				}
				if got := read(t, s.db); len(got) != 1 || len(got[`{__name__="good"}`]) != 1 {
					t.Errorf("stored %v", got)
				}
				if got := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); v2 && got != "1" {
					t.Errorf("samples written: %q", got)
				}
			})
		}
	})
}

func TestFault09_OneReplicaIsElected(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		replica := func(r string) sent { return series("a", "cluster", "eu", "prometheus_replica", r) }
		free := series("c", "cluster", "eu")
		plain := labels.FromStrings("__name__", "a", "cluster", "eu").String()
		send(t, s, v2, 204, replica("r1").at(ms, 1))
		s.pass(10 * time.Second)
		w := send(t, s, v2, 204, replica("r2").at(ms+5000, 1), free.at(ms, 1))
		if got := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); v2 && got != "2" {
			t.Errorf("samples written: %q, want 2: the unelected is answered as written", got)
		}
		if s.dropped("unelected") != 1 {
			t.Errorf("unelected: %d", s.dropped("unelected"))
		}
		s.pass(21 * time.Second)
		// r1 is silent for more than 30 s. What r2 says about the time before is ignored.
		send(t, s, v2, 204, replica("r2").at(ms-1000, 7).at(ms+20000, 2))
		send(t, s, v2, 204, replica("r2").at(ms-500, 7))
		send(t, s, v2, 204, replica("r1").at(ms+15000, 1))
		if s.dropped("overlap") != 2 || s.dropped("unelected") != 2 {
			t.Errorf("overlap %d, unelected %d, want 2, 2", s.dropped("overlap"), s.dropped("unelected"))
		}
		want := map[string][]point{plain: {{ms, 1}, {ms + 20000, 2}}, free.lset().String(): {{ms, 1}}}
		if d := cmp.Diff(want, read(t, s.db)); d != "" {
			t.Errorf("stored (-want +got):\n%s", d)
		}
		var b strings.Builder
		s.set.WritePrometheus(&b)
		if text := b.String(); !strings.Contains(text, `slowburn_ingest_elected_replica{source="eu",replica="r2"} 1`) || strings.Contains(text, `replica="r1"`) {
			t.Errorf("elected replica is not shown:\n%s", text)
		}
		if s.Sources()[0].Replica != "r2" || s.counter("slowburn_ingest_replica_switches_total") != 1 {
			t.Errorf("%+v", s.Sources())
		}
	})
}

// elections is an ElectionStore in memory, as a state.Bucket is one on the disk.
type elections map[string]tsdb.Elected

func (e elections) Load() (map[string]tsdb.Elected, error) { return maps.Clone(e), nil }
func (e elections) Save(put map[string]tsdb.Elected, _ []string) error {
	maps.Copy(e, put)
	return nil
}

func TestFault09_TheElectedReplicaIsKeptOverARestart(t *testing.T) {
	kept := elections{}
	var switched []string
	change := func(o *tsdb.ReceiverOptions) {
		o.Elections, o.Failover = kept, time.Minute
		o.Switched = func(source string) { switched = append(switched, source) }
	}
	replica := func(r string) sent { return series("a", "cluster", "eu", "prometheus_replica", r) }
	free := series("c", "cluster", "eu")
	s := newStand(t, change)
	send(t, s, true, 204, replica("r1").at(ms, 1), free.at(ms, 1))

	again := newStandOver(t, killed(t, s.dir), tsdb.Options{}, change)
	send(t, again, true, 204, replica("r2").at(ms+5000, 9))
	if again.dropped("unelected") != 1 || again.Sources()[0].Replica != "r1" {
		t.Errorf("who sent first after the restart was elected: %+v", again.Sources())
	}
	again.pass(59 * time.Second)
	send(t, again, true, 204, replica("r2").at(ms+60000, 9))
	again.pass(2 * time.Second)
	// Silent for longer than ingest.failover. What the other says about the time before
	// is ignored, though this process has not seen the first one write.
	send(t, again, true, 204, replica("r2").at(ms-1000, 7).at(ms+61000, 2), free.at(ms-1000, 1).at(ms+1, 1))
	if again.dropped("unelected") != 2 || again.dropped("overlap") != 1 {
		t.Errorf("unelected %d, overlap %d, want 2, 1", again.dropped("unelected"), again.dropped("overlap"))
	}
	if d := cmp.Diff([]string{"eu"}, switched); d != "" {
		t.Errorf("switches told (-want +got):\n%s", d)
	}
	if d := cmp.Diff(elections{"source/eu": {Replica: "r2", Before: "r1", Since: again.wall.UnixMilli()}}, kept); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
	if got := read(t, again.db)[free.lset().String()]; len(got) != 3 {
		t.Errorf("a series without replica took part in the election: %v", got)
	}
}

func TestFault07_FutureSamples(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		at := func(name string, d time.Duration) sent { return series(name).at(s.wall.Add(d).UnixMilli(), 1) }
		send(t, s, v2, 204, at("a", 9*time.Minute))
		send(t, s, v2, 400, at("b", 0), at("c", 0), at("d", 11*time.Minute))
		if s.dropped("future") != 1 || s.ClockSkewed() {
			t.Errorf("future %d, skewed %t", s.dropped("future"), s.ClockSkewed())
		}
		// Most of a batch in the future: whose clock is wrong is open, for ten minutes.
		w := send(t, s, v2, 503, at("e", time.Hour), at("f", time.Hour), at("g", 0))
		if w.Header().Get("Retry-After") == "" || !s.ClockSkewed() || s.dropped("clock_skew") != 2 {
			t.Errorf("headers %v, skewed %t, %d", w.Header(), s.ClockSkewed(), s.dropped("clock_skew"))
		}
		if len(read(t, s.db)[`{__name__="g"}`]) != 1 {
			t.Error("the good sample beside them was not stored")
		}
		s.pass(11 * time.Minute)
		send(t, s, v2, 400, at("e", time.Hour), at("f", time.Hour))
		if !s.ClockSkewed() {
			t.Error("samples are lost to it: want it told for as long as that")
		}
		send(t, s, v2, 204, at("a", 0))
		if s.ClockSkewed() {
			t.Error("the clocks agree again: want it over")
		}
		// Our own clock falls back by an hour.
		s.wall = s.wall.Add(-time.Hour)
		send(t, s, v2, 503, at("h", 30*time.Minute), at("i", 0), at("j", 0))
		s.pass(11 * time.Minute)
		send(t, s, v2, 400, at("h", 30*time.Minute), at("i", 0), at("j", 0))
	})
}

func TestFault17_SeriesLimitRefusesNewSeriesOnly(t *testing.T) {
	s := newStandOver(t, t.TempDir(), tsdb.Options{MaxSeries: 2}, nil)
	send(t, s, false, 204, series("a").at(ms, 1), series("b").at(ms, 1))
	for i := range int64(3) {
		w := send(t, s, false, 400, series(fmt.Sprint("new", i)).at(ms, 1), series("a").at(ms+1+i, 2))
		if !strings.Contains(w.Body.String(), "1 refused as series_limit") {
			t.Error(w.Body)
		}
	}
	if got := read(t, s.db); len(got) != 2 || len(got[`{__name__="a"}`]) != 4 {
		t.Errorf("stored %v", got)
	}
	var b strings.Builder
	s.set.WritePrometheus(&b)
	if !strings.Contains(b.String(), "slowburn_ingest_series_cache_entries 2\n") {
		t.Error("series that were refused take room in the cache")
	}
}

func TestTheSourcesAreLimited(t *testing.T) {
	s := newStand(t, func(o *tsdb.ReceiverOptions) { o.Limits.Sources = 1 })
	send(t, s, true, 204, series("a", "cluster", "eu").at(ms, 1))
	send(t, s, true, 400, series("a", "cluster", "us").at(ms, 1), series("a", "cluster", "eu").at(ms+1, 1))
	if s.dropped("source_limit") != 1 || len(read(t, s.db)) != 1 {
		t.Error(s.dropped("source_limit"))
	}
}

func TestFault04_NothingIsAcknowledgedThatIsNotStored(t *testing.T) {
	s := newStand(t, nil)
	send(t, s, false, 204, series("a").at(ms, 1))
	s.sink.take()
	breakWAL(t, s.dir, enospc)
	w := send(t, s, false, 503, series("a").at(ms+1, 2))
	if w.Header().Get("Retry-After") == "" || len(s.sink.take()) != 0 {
		t.Error("no Retry-After, or fed without a commit")
	}
	send(t, s, false, 503, series("a").at(ms+1, 2))
	run(t, s.db)
	deadline := time.Now().Add(10 * time.Second)
	for s.db.Writable() != nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	send(t, s, false, 204, series("a").at(ms, 1).at(ms+1, 2), series("b").at(ms, 1))
	if d := cmp.Diff([]string{`{__name__="a"} t=1 v=2`, `{__name__="b"} t=0 v=1`}, s.sink.take()); d != "" {
		t.Errorf("fed (-want +got):\n%s", d)
	}
	want := map[string][]point{`{__name__="a"}`: {{ms, 1}, {ms + 1, 2}}, `{__name__="b"}`: {{ms, 1}}}
	if d := cmp.Diff(want, read(t, openRaw(t, killed(t, s.dir), tsdb.Options{}))); d != "" {
		t.Errorf("after a restart (-want +got):\n%s", d)
	}
}

func TestSeriesTheHeadDropsAreForgotten(t *testing.T) {
	var unbound []storage.SeriesRef
	s := newStand(t, func(o *tsdb.ReceiverOptions) {
		o.Unbind = func(ref storage.SeriesRef) { unbound = append(unbound, ref) }
	})
	old, live := series("old", "x", "1"), series("live")
	send(t, s, true, 204, old.at(ms, 1), live.at(ms, 1))
	s.pass(6 * time.Hour)
	send(t, s, true, 204, live.at(ms+6*3600*1000, 2))
	if err := s.db.Head(func(h *promtsdb.Head) {
		if err := h.Truncate(ms + 5*3600*1000); err != nil {
			t.Fatal(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	send(t, s, true, 204, live.at(ms+6*3600*1000+1, 3))
	if d := cmp.Diff([]storage.SeriesRef{s.sink.refs[old.lset().String()]}, unbound); d != "" {
		t.Errorf("unbound (-want +got):\n%s", d)
	}
	var b strings.Builder
	s.set.WritePrometheus(&b)
	if !strings.Contains(b.String(), "slowburn_ingest_series_cache_entries 1\n") {
		t.Error("the cache was not emptied")
	}
	send(t, s, true, 204, old.at(ms+6*3600*1000+1, 4))
	if got := read(t, s.db)[old.lset().String()]; len(got) != 1 {
		t.Errorf("the series did not return: %v", got)
	}
}

func TestSendersInParallel(t *testing.T) {
	s := newStand(t, nil)
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range int64(50) {
				body, ct := encode(t, sender%2 == 0, series("a", "cluster", fmt.Sprint(sender/2)).at(ms+i, float64(i)), series("b", "sender", fmt.Sprint(sender)).at(ms+i, 1))
				if w := post(s, body, ct); w.Code != 204 {
					t.Error(w.Code, w.Body)
				}
				if i == 25 {
					s.Rebind(tsdb.KeepSLO)
				}
			}
		}()
	}
	wg.Wait()
	for k, ps := range read(t, s.db) {
		if len(ps) != 50 {
			t.Errorf("%s: %d samples", k, len(ps))
		}
	}
	if n := len(s.sink.take()); n != 6*50 {
		t.Errorf("fed %d, want %d", n, 6*50)
	}
}

func TestMetadataIsKept(t *testing.T) {
	s := newStand(t, nil)
	req := prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{MetricFamilyName: "a_total", Type: prompb.MetricMetadata_COUNTER, Help: "Counts a.", Unit: "a"}}}
	body, _ := req.Marshal()
	if w := post(s, body, typeV1); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	want := map[string]tsdb.MetricMetadata{"a_total": {Type: "counter", Help: "Counts a.", Unit: "a"}}
	if d := cmp.Diff(want, s.Metadata()); d != "" {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
}
