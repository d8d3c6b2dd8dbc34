package derive

import (
	"math"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// findFirst finds when budgets were first observed, for the coverage of windows that
// reach back further (slo.Counts.Reaching). A budget that has a row before all spans
// needs no search, and of those that have none, there is little to search.
func (l *load) findFirst() error {
	if !l.need.kinds.has(kindExpected) || l.need.absolute {
		return nil
	}
	sub := &load{ctx: l.ctx, ledger: l.ledger, index: l.index, slot: l.slot, entries: map[int32][]*stream{}}
	sub.need = &need{kinds: total, absolute: true, spans: allTime}
	for owner, streams := range l.entries {
		if !observedBefore(streams) {
			sub.entries[owner] = nil
		}
	}
	if len(sub.entries) == 0 {
		return nil
	}
	l.first = make(map[int32]int64, len(sub.entries))
	note := func(st *stream, t int64) {
		if have, ok := l.first[st.owner]; !ok || t-l.slot < have {
			l.first[st.owner] = t - l.slot
		}
	}
	last := l.need.spans[len(l.need.spans)-1].hi
	if _, ok := l.ledger.(storage.ChunkQueryable); ok {
		return sub.eachChunked(math.MinInt64, last, func(st *stream, _ kind, it chunks.Iterator) error {
			for it.Next() {
				if it.At().MaxTime <= st.gen.From {
					continue
				}
				if t, ok := firstInForce(st, it.At().Chunk.Iterator(nil)); ok {
					note(st, t)
					return nil
				}
			}
			return it.Err()
		})
	}
	return sub.each(math.MinInt64, last, nil, func(st *stream, _ kind, series storage.Series) error {
		it := series.Iterator(nil)
		if t, ok := firstInForce(st, it); ok {
			note(st, t)
		}
		return it.Err()
	})
}

// observedBefore says whether a row in force lies before all spans.
func observedBefore(streams []*stream) bool {
	for _, st := range streams {
		if tr := st.tracks[kindTotal]; tr != nil && tr.before > max(0, st.gen.From) {
			return true
		}
	}
	return false
}

// firstInForce is the time of the first sample that the stream's generation counts.
func firstInForce(st *stream, it chunkenc.Iterator) (int64, bool) {
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if t, _, ok := float(it, typ); ok && t > st.gen.From {
			return t, t <= st.gen.To
		}
	}
	return 0, false
}
