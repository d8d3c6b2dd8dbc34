package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb"
)

// TestPromise1_TwoReplicas has two replicas scrape the same targets, at moments of
// their own and by clocks that differ by up to half a scrape interval, send what they
// scraped up to a minute later, and fail in turns, while the receiver and the engine are killed at random moments. What is
// counted is what truly happened between the first scrape and the last that was taken:
// plain increments in the order in which the scrapes were really made.
func TestPromise1_TwoReplicas(t *testing.T) {
	checkFew(t, 4*oracleShare, func(rt *rapid.T) {
		p := drawPair(rt)
		p.run(t)
		if err := p.compare(); err != nil {
			rt.Fatalf("%v\n%s", err, p)
		}
	})
}

// pair is two replicas, what they scraped, and the receiver and engine they send to.
type pair struct {
	def      *slo.Objective
	targets  []target
	scrapes  []replicaScrape // in the order in which they are sent
	restarts map[int]bool    // before which scrape the process is killed

	r        *rig
	receiver *tsdb.Receiver
	bound    []labels.Labels // by reference − 1
	elected  string
	seen     int64
	taken    []replicaScrape // the elected one's
}

// target is one series with its true value over true time.
type target struct {
	lset   labels.Labels
	first  float64
	more   []float64 // by tick of 1 s
	resets map[int64]bool
}

type replicaScrape struct {
	replica string
	at      int64 // true time, s
	ahead   int64 // how far the replica's clock leads, s
	lag     int64 // how much later it is sent, s
	values  []float64
}

func (p *pair) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "restarts before %v\n", slices.Sorted(maps.Keys(p.restarts)))
	for i, s := range p.scrapes {
		fmt.Fprintf(&b, "%3d %s at %ds, stamped %ds, sent %ds: %v\n", i, s.replica, s.at, s.at+s.ahead, s.at+s.lag, s.values)
	}
	return b.String()
}

func drawPair(rt *rapid.T) *pair {
	const interval, length = 15, 900
	p := &pair{def: availability(0.999), restarts: map[int]bool{}}
	p.def.SLI.Births = slo.BirthsZero
	ahead := map[string]int64{"r1": 0, "r2": rapid.Int64Range(-7, 7).Draw(rt, "r2 leads by")}
	for _, code := range []string{"200", "500"} {
		x := target{lset: requests(code, "i1"), first: 1e6, resets: map[int64]bool{}}
		// A clock that differs shows a replica the past after a reset has been seen: then
		// nothing tells the two apart. Nor does it where the counter, in one scrape, grows
		// past where it was.
		if ahead["r2"] == 0 && rapid.Bool().Draw(rt, "reset") {
			x.resets[rapid.Int64Range(1, length-1).Draw(rt, "reset at")] = true
		}
		x.more = rapid.SliceOfN(rapid.Float64Range(0, 3), length, length).Draw(rt, "more")
		p.targets = append(p.targets, x)
	}
	for _, replica := range []string{"r1", "r2"} {
		offset := rapid.Int64Range(0, interval-1).Draw(rt, "offset")
		lag := rapid.SampledFrom([]int64{0, 0, 20, 50}).Draw(rt, "lag")
		down := int64(0)
		for at := offset; at < length; at += interval {
			if down == 0 && rapid.IntRange(0, 9).Draw(rt, "fails") == 0 {
				down = rapid.Int64Range(1, 10).Draw(rt, "for")
			}
			if down > 0 {
				down--
				continue
			}
			s := replicaScrape{replica: replica, at: at, ahead: ahead[replica], lag: lag}
			for i := range p.targets {
				s.values = append(s.values, p.targets[i].valueAt(at))
			}
			p.scrapes = append(p.scrapes, s)
		}
	}
	slices.SortStableFunc(p.scrapes, func(a, b replicaScrape) int { return int(a.at + a.lag - b.at - b.lag) })
	for range rapid.IntRange(0, 3).Draw(rt, "restarts") {
		p.restarts[rapid.IntRange(1, max(1, len(p.scrapes)-1)).Draw(rt, "restart")] = true
	}
	return p
}

// valueAt is the counter's value at a time. What came just before a reset is lost.
func (x *target) valueAt(at int64) float64 {
	v := x.first
	for t := range at {
		if x.resets[t] {
			v = 0
		}
		v += float64(int(x.more[t]))
	}
	return v
}

func (p *pair) run(t *testing.T) {
	p.r = newRig(t, t0, p.def)
	db, err := tsdb.OpenRaw(t.TempDir(), tsdb.Options{MinFree: -1})
	p.r.must(err)
	defer func() { p.r.must(db.Close()) }()
	kept := elections{}
	p.listen(db, kept)
	for i, s := range p.scrapes {
		if p.restarts[i] {
			p.r.crash()
			p.listen(db, kept)
			if p.elected != "" {
				p.seen = s.at + s.lag // it has its time to come back
			}
		}
		p.r.now = t0 + (s.at+s.lag)*1000 + 500
		p.elect(s)
		p.send(s)
		p.r.tick()
	}
	p.r.flush()
}

// elect is the rule: another replica is elected when the present one has been silent
// for more than 30 s.
func (p *pair) elect(s replicaScrape) {
	sent := s.at + s.lag
	if p.elected == "" || sent-p.seen > 30 {
		p.elected = s.replica
	}
	if s.replica != p.elected {
		return
	}
	p.seen = sent
	// What tells of the time before is ignored, be that by its stamp or in truth.
	if n := len(p.taken); n == 0 || s.at > p.taken[n-1].at && s.at+s.ahead > p.taken[n-1].at+p.taken[n-1].ahead {
		p.taken = append(p.taken, s)
	}
}

// compare holds the ledger against the true increments.
func (p *pair) compare() error {
	defer p.r.close()
	var bad, total float64
	for i := range p.targets {
		for k := 1; k < len(p.taken); k++ {
			a, b := p.taken[k-1].values[i], p.taken[k].values[i]
			if b < a {
				a = 0
			}
			total += b - a
			if i == 1 {
				bad += b - a
			}
		}
	}
	if have := p.r.stored("slo_events_total"); have != total {
		return fmt.Errorf("want %g events, have %g", total, have)
	}
	if have := p.r.stored("slo_bad_events_total"); have != bad {
		return fmt.Errorf("want %g bad events, have %g", bad, have)
	}
	return nil
}

// listen starts a receiver that feeds the rig's engine.
func (p *pair) listen(db *tsdb.DB, kept elections) {
	p.bound = nil
	var err error
	p.receiver, err = tsdb.NewReceiver(tsdb.ReceiverOptions{
		Store: db, Elections: kept, Sink: p,
		Bind: func(l labels.Labels, _ bool) storage.SeriesRef {
			p.bound = append(p.bound, l.Copy())
			return storage.SeriesRef(len(p.bound))
		},
		Counter: func(ref storage.SeriesRef) (is, known bool) {
			return p.r.engine.Counter(p.r.engine.Bind(p.bound[ref-1], true))
		},
		Switched: p.r.engine.Switched,
		Now:      func() time.Time { return time.UnixMilli(p.r.now) },
	})
	p.r.must(err)
}

func (p *pair) send(s replicaScrape) {
	var req prompb.WriteRequest
	for i := range p.targets {
		b := labels.NewBuilder(p.targets[i].lset)
		b.Set("prometheus_replica", s.replica)
		var ls []prompb.Label
		b.Labels().Range(func(l labels.Label) { ls = append(ls, prompb.Label{Name: l.Name, Value: l.Value}) })
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
			Labels: ls, Samples: []prompb.Sample{{Timestamp: t0 + (s.at+s.ahead)*1000, Value: s.values[i]}},
		})
	}
	body, err := req.Marshal()
	p.r.must(err)
	h := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
	h.Header.Set("Content-Type", "application/x-protobuf")
	h.Header.Set("Content-Encoding", "snappy")
	w := httptest.NewRecorder()
	p.receiver.ServeHTTP(w, h)
	if w.Code != http.StatusNoContent {
		p.r.t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
}

// AppenderV2 hands what the receiver took to the rig, which stores it and feeds it.
func (p *pair) AppenderV2(context.Context) storage.AppenderV2 { return &handing{p: p} }

type handing struct {
	p    *pair
	took []arrival
}

func (a *handing) Append(ref storage.SeriesRef, _ labels.Labels, st, t int64, v float64, _ *histogram.Histogram, h *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	a.took = append(a.took, arrival{lset: a.p.bound[ref-1], st: st, t: t, v: v, h: h})
	return ref, nil
}

func (a *handing) Commit() error {
	a.p.r.send(a.took...)
	return nil
}

func (a *handing) Rollback() error { return nil }

// elections remembers who is elected, as a state.Bucket does on disk.
type elections map[string]tsdb.Elected

func (e elections) Load() (map[string]tsdb.Elected, error) { return maps.Clone(e), nil }

func (e elections) Save(put map[string]tsdb.Elected, _ []string) error {
	maps.Copy(e, put)
	return nil
}

// TestFault09_ASwitchIsNoCadence: two replicas' scrapes may lie close together. A probe
// is held by the interval of either, not by that.
func TestFault09_ASwitchIsNoCadence(t *testing.T) {
	def := availability(0.999)
	def.SLI.Terms = []slo.Term{
		{Matchers: []*labels.Matcher{matcher(labels.MetricName, "up")}, Kind: slo.GaugeSlices, Op: "==", Threshold: 0, Bad: 1},
		{Matchers: []*labels.Matcher{matcher(labels.MetricName, "up")}, Kind: slo.GaugeSlices, Total: 1},
	}
	r := newRig(t, t0, def)
	up := labels.FromStrings(labels.MetricName, "up", "job", "shop", "prometheus", "a")
	scrape := func(sec int64) {
		r.now = t0 + sec*1000 + 500
		r.send(arrival{lset: up, t: t0 + sec*1000, v: 1})
		r.tick()
	}
	for sec := int64(0); sec <= 300; sec += 15 {
		scrape(sec)
	}
	r.engine.Switched("a")
	for sec := int64(302); sec <= 600; sec += 15 {
		scrape(sec)
	}
	r.flush()
	if want, have := 587.0, r.stored("slo_events_total"); want != have {
		t.Errorf("want %g s of it, have %g", want, have)
	}
	near(t, "observed", r.stored("slo_scrapes_expected_total"), r.stored("slo_scrapes_observed_total"))
}
