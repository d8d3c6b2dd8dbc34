package derive

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// question asks for a counter's value at t: that of its newest sample by then.
type question struct {
	owner  int32
	stream *stream
	kind   kind
	t      int64
	answer *float64
	// found is when that sample was, ms; 0 if there is none.
	found *int64
}

// resolve finds every track's counter at the beginning of each span and of its
// generation: in the samples read, else further back in the ledger.
func (l *load) resolve() error {
	var open []question
	for owner, streams := range l.entries {
		for _, st := range streams {
			// A constant drops out of differences, so where a generation began before
			// all spans, its counter then does not matter.
			first := l.need.spans[0].lo
			for k, tr := range st.tracks {
				if tr == nil {
					continue
				}
				ask := func(t int64, answer *float64, found *int64) {
					if t <= 0 {
						return // before all event time
					}
					if ts, v, ok := l.known(tr, t); ok {
						*answer, *found = v, ts
						return
					}
					open = append(open, question{owner, st, kind(k), t, answer, found})
				}
				var ignored int64
				if l.need.absolute || st.gen.From > first {
					ask(st.gen.From, &tr.origin, &ignored)
				}
				for i, s := range l.need.spans {
					found := &ignored
					if i == 0 {
						found = &tr.before
					}
					ask(min(max(s.lo, st.gen.From), st.gen.To), &tr.bases[i], found)
				}
			}
		}
	}
	slices.SortFunc(open, func(a, b question) int { return cmp.Compare(a.t, b.t) })
	for len(open) > 0 {
		// Questions about the same hour are answered in one pass.
		n := 1
		for n < len(open) && open[n].t-open[0].t < hour.Milliseconds() {
			n++
		}
		if err := l.ask(open[:n]); err != nil {
			return err
		}
		open = open[n:]
	}
	return nil
}

// known answers from the samples read.
func (l *load) known(tr *track, t int64) (ts int64, v float64, ok bool) {
	for i, s := range l.need.spans {
		if t < s.lo-pad || t > s.hi {
			continue
		}
		if ts, v, ok := tr.parts[i].at(t); ok {
			return ts, v, true
		}
	}
	return 0, 0, false
}

// ask answers questions whose times are close together. A counter without a sample
// by then is 0.
func (l *load) ask(open []question) error {
	type key struct {
		stream *stream
		kind   kind
	}
	byTrack := map[key][]question{}
	sub := &load{ctx: l.ctx, ledger: l.ledger, index: l.index, slot: l.slot, entries: map[int32][]*stream{}}
	sub.need = &need{absolute: true, spans: allTime}
	for _, q := range open {
		byTrack[key{q.stream, q.kind}] = append(byTrack[key{q.stream, q.kind}], q)
		sub.entries[q.owner] = l.entries[q.owner]
		sub.need.kinds |= 1 << q.kind
	}
	last := open[len(open)-1].t
	if _, ok := l.ledger.(storage.ChunkQueryable); ok {
		var metas []chunks.Meta
		return sub.eachChunked(math.MinInt64, last, func(st *stream, k kind, it chunks.Iterator) error {
			metas = metas[:0]
			for it.Next() {
				metas = append(metas, it.At())
			}
			for _, q := range byTrack[key{st, k}] {
				if err := answerFromChunks(q, metas); err != nil {
					return err
				}
			}
			return it.Err()
		})
	}
	return sub.each(math.MinInt64, last, nil, func(st *stream, k kind, series storage.Series) error {
		for _, q := range byTrack[key{st, k}] {
			if _, err := answer(q, series.Iterator(nil)); err != nil {
				return err
			}
		}
		return nil
	})
}

// answerFromChunks decodes only the newest chunk that begins by q.t, or older ones
// should it hold nothing but stale markers.
func answerFromChunks(q question, metas []chunks.Meta) error {
	for i := len(metas) - 1; i >= 0; i-- {
		if metas[i].MinTime > q.t {
			continue
		}
		if found, err := answer(q, metas[i].Chunk.Iterator(nil)); found || err != nil {
			return err
		}
	}
	return nil
}

func answer(q question, it chunkenc.Iterator) (found bool, err error) {
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if typ != chunkenc.ValFloat {
			continue
		}
		t, v := it.At()
		if t > q.t {
			return found, nil
		}
		if !value.IsStaleNaN(v) {
			*q.answer, *q.found, found = v, t, true
		}
	}
	if err := it.Err(); err != nil {
		return found, fmt.Errorf("read ledger: %w", err)
	}
	return found, nil
}
