package tsdb

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// past is what the raw TSDB holds of one series from some time on, and what the
// request has added to it.
type past struct {
	from int64
	at   map[int64]stored
}

// load learns what the head holds of a series that is new to the receiver: its last
// sample, and behind what time no sample of it can lie. replica sends it now.
func (w *writer) load(s *series, replica uint8) {
	s.loaded, s.doubted = true, false
	s.last, s.horizon, s.floor = stored{}, math.MinInt64, math.MinInt64
	if s.ref == 0 && s.sought != w.app.generation {
		s.seek(w.app, s.lset.Hash())
	}
	s.horizon = w.blocksEnd()
	if s.ref == 0 {
		return
	}
	head := w.inner.Head()
	if t := head.MaxOOOTime(); t != math.MinInt64 {
		s.horizon = max(s.horizon, t)
	}
	if last, ok := lastInOrder(head, s); ok {
		s.last = last
		s.horizon = max(s.horizon, last.t)
	}
	if replica != 0 && s.replica == 0 {
		// What is there was written before this process, or before a switch: by whoever
		// was elected then.
		s.replica = w.src.election.wrote(s.last.t)
		s.floor = w.src.election.since
	}
}

// seek asks the head for the series by the hash of its labels, and says whether the TSDB
// may hold samples of it. The caller holds the source's lock.
func (s *series) seek(app *appender, hash uint64) (held bool) {
	ref, lset := app.GetRef(s.lset, hash)
	if ref != 0 {
		s.lset = lset // the head's labels: no second copy
	}
	if s.src.head == app.generation { // else the source has references of another head
		s.ref, s.sought = ref, app.generation
	}
	return ref != 0 || app.db.departed.has(hash)
}

// blocksEnd is the time of the newest sample that can lie in a block.
func (w *writer) blocksEnd() int64 {
	if !w.blocksSeen {
		w.blocksSeen, w.blocks = true, math.MinInt64
		for _, b := range w.inner.Blocks() {
			w.blocks = max(w.blocks, b.MaxTime()-1)
		}
	}
	return w.blocks
}

// lastInOrder reads the newest sample of the series' in-order chunks.
func lastInOrder(head *promtsdb.Head, s *series) (stored, bool) {
	ix, err := head.Index()
	if err != nil {
		return stored{}, false
	}
	defer ix.Close()
	var (
		b    labels.ScratchBuilder
		chks []chunks.Meta
	)
	if ix.Series(s.ref, &b, &chks) != nil || len(chks) == 0 {
		return stored{}, false
	}
	cr, err := head.Chunks()
	if err != nil {
		return stored{}, false
	}
	defer cr.Close()
	c, iterable, err := cr.ChunkOrIterable(chks[len(chks)-1])
	if err != nil {
		return stored{}, false
	}
	var it chunkenc.Iterator
	if c != nil {
		it = c.Iterator(nil)
	} else {
		it = iterable.Iterator(nil)
	}
	var last stored
	for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
		last = storedAt(it, vt)
	}
	return last, last.kind != kindNone && it.Err() == nil
}

// storedAt is the sample an iterator stands on.
func storedAt(it chunkenc.Iterator, vt chunkenc.ValueType) stored {
	switch vt {
	case chunkenc.ValHistogram:
		t, h := it.AtHistogram(nil)
		return stored{t: t, kind: kindHistogram, h: h}
	case chunkenc.ValFloatHistogram:
		t, fh := it.AtFloatHistogram(nil)
		return stored{t: t, kind: kindFloatHistogram, fh: fh}
	}
	t, v := it.At()
	return floatSample(t, v)
}

// pastOf reads what is stored of s from t on: once per request and series, and all
// of it a second time if another item brings an even older sample.
func (w *writer) pastOf(s *series, t int64, it *item) (*past, error) {
	if s.tracked != nil && s.tracked.from <= t {
		return s.tracked, nil
	}
	for _, x := range w.b.samples[it.s0:it.s1] {
		t = min(t, x.t)
	}
	for _, x := range w.b.hists[it.h0:it.h1] {
		t = min(t, x.t)
	}
	if s.tracked != nil {
		t = math.MinInt64
	}
	w.r.metrics.lookups.Inc()
	p := &past{from: t, at: map[int64]stored{}}
	q, err := w.inner.Querier(t, s.horizon)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	ms := make([]*labels.Matcher, 0, s.lset.Len())
	s.lset.Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	set := q.Select(context.Background(), false, nil, ms...)
	for set.Next() {
		if !labels.Equal(set.At().Labels(), s.lset) {
			continue
		}
		it := set.At().Iterator(nil)
		for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
			x := storedAt(it, vt)
			p.at[x.t] = x
		}
		if it.Err() != nil {
			return nil, it.Err()
		}
	}
	if set.Err() != nil {
		return nil, set.Err()
	}
	for _, a := range w.b.accepted {
		if w.b.items[a.item].s == s {
			x := w.b.sampleOf(a)
			p.at[x.t] = x
		}
	}
	// Now it is known where the stored samples really end.
	s.last, s.horizon = stored{}, max(t-1, s.floor)
	for _, x := range p.at {
		if s.last.kind == kindNone || x.t > s.last.t {
			s.last = x
		}
		s.horizon = max(s.horizon, x.t)
	}
	if s.tracked == nil {
		w.b.tracked = append(w.b.tracked, s)
	}
	s.tracked = p
	return p, nil
}

// sampleOf is the value of an accepted sample.
func (b *batch) sampleOf(a accepted) stored {
	if a.hist {
		return histogramSample(&b.hists[a.index])
	}
	return floatSample(b.samples[a.index].t, b.samples[a.index].v)
}
