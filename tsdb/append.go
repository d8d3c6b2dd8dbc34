package tsdb

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// writer stores what one request brings of one source, under the source's lock.
type writer struct {
	r     *Receiver
	b     *batch
	src   *source
	v     *verdict
	now   time.Time
	ahead int64 // no sample may lie behind, ms

	app   *appender
	inner *promtsdb.DB

	floats, hists, exemplars int // appended, not committed yet
	bound                    bool
	blocks                   int64
	blocksSeen               bool
}

// write stores the chain of items that begins at first, and feeds the sink.
func (w *writer) write(ctx context.Context, first int32) {
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.src.received = w.now
	var err error
	if w.app, w.inner, err = w.r.opts.Store.begin(ctx); err != nil {
		w.unavailable(first, err)
		return
	}
	if w.src.head != w.app.generation {
		w.renew()
	}
	w.b.accepted = w.b.accepted[:0]
	for i := first; i >= 0; i = w.b.items[i].next {
		w.item(i)
	}
	for _, s := range w.b.tracked {
		s.tracked = nil
	}
	w.b.tracked = w.b.tracked[:0]
	if w.floats+w.hists+w.exemplars == 0 {
		_ = w.app.Rollback()
	} else if err := w.app.Commit(); err != nil {
		w.lost(err)
		return
	}
	w.v.floats += w.floats
	w.v.hists += w.hists
	w.v.exemplars += w.exemplars
	w.v.stored[0] += w.floats
	w.v.stored[1] += w.hists
	w.src.samples += uint64(w.floats + w.hists)
	if w.bound {
		w.feed(ctx)
	}
}

// renew gives up what is known of the head: it has been replaced.
func (w *writer) renew() {
	for _, s := range w.src.series {
		for ; s != nil; s = s.next {
			s.ref = 0
			s.forget()
		}
	}
	w.src.head = w.app.generation
}

// unavailable refuses all items for now.
func (w *writer) unavailable(first int32, err error) {
	for i := first; i >= 0; i = w.b.items[i].next {
		it := &w.b.items[i]
		w.v.drop(reasonUnavailable, int(it.s1-it.s0), int(it.h1-it.h0), nil)
	}
	w.v.temporary = err
}

// lost takes back what was appended but not committed.
func (w *writer) lost(err error) {
	for _, a := range w.b.accepted {
		s := w.b.items[a.item].s
		s.forget()
		if s.unfed == nil {
			s.unfed = map[int64]struct{}{}
		}
		s.unfed[w.b.sampleOf(a).t] = struct{}{}
	}
	w.v.drop(reasonUnavailable, w.floats, w.hists, nil)
	w.v.temporary = err
}

// item appends the samples of one item.
func (w *writer) item(i int32) {
	it := &w.b.items[i]
	floats, hists := int(it.s1-it.s0), int(it.h1-it.h0)
	ok, switched := w.src.election.admit(it.replica, w.now)
	if switched {
		w.elected()
	}
	if it.s.dead {
		it.s = w.r.obtain(w.src, it.s.lset, w.app)
	}
	s := it.s
	switch {
	case s == w.src.unneeded:
		w.v.drop(reasonUnneeded, floats, hists, nil)
		w.v.exemplars += int(it.ex)
		return
	case !ok:
		w.v.drop(reasonUnelected, floats, hists, nil)
		w.v.exemplars += int(it.ex)
		return
	}
	if !s.loaded {
		w.load(s, it.replica)
	}
	for n := it.s0; n < it.s1; n++ {
		x := floatSample(w.b.samples[n].t, w.b.samples[n].v)
		w.sample(it, s, accepted{item: i, index: n}, &x)
	}
	for n := it.h0; n < it.h1; n++ {
		reduce(&w.b.hists[n])
		x := histogramSample(&w.b.hists[n])
		w.sample(it, s, accepted{item: i, index: n, hist: true}, &x)
	}
	if it.ex > 0 {
		w.appendExemplars(it, s)
	}
	if s.ref == 0 {
		w.r.discard(s) // refused: who sends ever new ones shall not fill the memory,
		it.s = nil     // nor the cache
	}
}

// elected tells everybody who has just been elected.
func (w *writer) elected() {
	o, name, replica := &w.r.opts, w.src.name, w.src.election.name()
	w.r.metrics.elect(name, replica)
	o.Logger.Info("replica elected", "source", name, "replica", replica)
	if o.Elections != nil {
		if err := o.Elections.Save(map[string]Elected{electionKey(name): w.src.election.remember()}, nil); err != nil {
			o.Logger.Error("the election will be forgotten at a restart", "source", name, "err", err)
		}
	}
	if w.src.election.before != 0 && o.Switched != nil {
		o.Switched(name)
	}
}

// sample stores one sample, if it is to be stored.
func (w *writer) sample(it *item, s *series, a accepted, x *stored) {
	if x.t > s.horizon && x.t <= w.ahead {
		w.take(it, s, a, x)
	} else {
		w.slow(it, s, a, x)
	}
}

// take appends a sample that is newer than all of its series.
func (w *writer) take(it *item, s *series, a accepted, x *stored) {
	if w.unconfirmed(it, s, a, x) {
		w.doubt(it, s, a, x)
		return
	}
	if !w.append(s, a) {
		return
	}
	if it.replica != s.replica {
		if s.replica != 0 {
			s.floor = x.t
		}
		s.replica = it.replica
	}
	s.last, s.horizon, s.doubted = *x, x.t, false
	if s.tracked != nil {
		s.tracked.at[x.t] = *x
	}
	if x.t > w.src.newest {
		w.src.newest = x.t
	}
}

// slow decides about a sample that lies in the future, or not behind all that is
// stored of its series.
func (w *writer) slow(it *item, s *series, a accepted, x *stored) {
	switch {
	case x.t > w.ahead:
		w.drop(reasonFuture, s, a, x.t)
		return
	case s.replica != 0 && it.replica != s.replica:
		w.drop(reasonOverlap, s, a, x.t) // at the last one's time too, whatever its value
		return
	case s.last.kind != kindNone && x.t == s.last.t:
		w.repeated(s, a, x, &s.last)
		return
	case x.t <= s.floor:
		w.drop(reasonOverlap, s, a, x.t)
		return
	}
	p, err := w.pastOf(s, x.t, it)
	if err != nil {
		w.v.temporary = err
		w.drop(reasonUnavailable, s, a, x.t)
		return
	}
	if old, is := p.at[x.t]; is {
		w.repeated(s, a, x, &old)
		return
	}
	if !w.append(s, a) {
		return
	}
	w.r.metrics.outOfOrder.Inc()
	p.at[x.t] = *x
	if s.last.kind == kindNone || x.t > s.last.t {
		s.last = *x
	}
	s.horizon = max(s.horizon, x.t)
	w.src.newest = max(w.src.newest, x.t)
}

// repeated decides about a timestamp that is stored already.
func (w *writer) repeated(s *series, a accepted, x, old *stored) {
	if !x.same(old) {
		w.drop(reasonConflict, s, a, x.t)
		return
	}
	w.drop(reasonDuplicate, s, a, x.t)
	if _, is := s.unfed[x.t]; is {
		delete(s.unfed, x.t)
		a.stored = true
		w.b.accepted = push(w.b.accepted, a)
		w.bound = w.bound || s.sink != 0
	}
}

// append hands a sample to the TSDB, and says whether it took it.
func (w *writer) append(s *series, a accepted) bool {
	var (
		ref storage.SeriesRef
		err error
	)
	if a.hist {
		x := &w.b.hists[a.index]
		ref, err = w.app.Append(s.ref, s.lset, x.st, x.t, 0, x.h, x.fh, storage.AppendV2Options{})
	} else {
		x := &w.b.samples[a.index]
		ref, err = w.app.Append(s.ref, s.lset, x.st, x.t, x.v, nil, nil, storage.AppendV2Options{})
	}
	if err != nil {
		why := reasonOf(err)
		if why.temporary() {
			w.v.temporary = err
		}
		w.v.drop(why, btoi(!a.hist), btoi(a.hist), func() string { return s.lset.String() + ": " + err.Error() })
		return false
	}
	s.ref = ref
	if s.unfed != nil {
		delete(s.unfed, w.b.sampleOf(a).t)
	}
	w.b.accepted = push(w.b.accepted, a)
	w.bound = w.bound || s.sink != 0
	if a.hist {
		w.hists++
	} else {
		w.floats++
	}
	return true
}

// drop counts one sample that is not stored.
func (w *writer) drop(why reason, s *series, a accepted, t int64) {
	w.v.drop(why, btoi(!a.hist), btoi(a.hist), func() string {
		return s.lset.String() + " at " + time.UnixMilli(t).UTC().Format("2006-01-02T15:04:05.000Z")
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// feed hands the committed samples of bound series on.
func (w *writer) feed(ctx context.Context) {
	if w.r.opts.Sink == nil {
		return
	}
	sink := w.r.opts.Sink.AppenderV2(ctx)
	none := labels.EmptyLabels()
	var plain storage.AppendV2Options
	for n, a := range w.b.accepted {
		it := &w.b.items[a.item]
		if it.s.sink == 0 {
			continue
		}
		opts := &plain
		if it.exSet >= 0 && (n+1 == len(w.b.accepted) || w.b.accepted[n+1].item != a.item) {
			opts = &storage.AppendV2Options{Exemplars: w.b.exemplars[it.exSet]}
		}
		var err error
		if a.hist {
			x := &w.b.hists[a.index]
			_, err = sink.Append(it.s.sink, none, x.st, x.t, 0, x.h, x.fh, *opts)
		} else {
			x := &w.b.samples[a.index]
			_, err = sink.Append(it.s.sink, none, x.st, x.t, x.v, nil, nil, *opts)
		}
		if err != nil {
			w.r.metrics.sinkErrors.Inc()
		}
	}
	if err := sink.Commit(); err != nil {
		w.r.metrics.sinkErrors.Inc()
		w.r.opts.Logger.Error("stored samples could not be counted", "source", w.src.name, "err", err)
	}
}

// reduce brings a histogram finer than the TSDB stores down to what it does.
func reduce(x *histSample) {
	switch {
	case x.h != nil && x.h.Schema > histogram.ExponentialSchemaMax && histogram.IsExponentialSchemaReserved(x.h.Schema):
		_ = x.h.ReduceResolution(histogram.ExponentialSchemaMax)
	case x.fh != nil && x.fh.Schema > histogram.ExponentialSchemaMax && histogram.IsExponentialSchemaReserved(x.fh.Schema):
		_ = x.fh.ReduceResolution(histogram.ExponentialSchemaMax)
	}
}
