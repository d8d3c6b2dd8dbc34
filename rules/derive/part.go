package derive

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// part are samples of one counter in ascending order.
type part struct {
	ts []int64
	v  []float64
}

// at is the newest sample at or before t.
func (p part) at(t int64) (ts int64, v float64, ok bool) {
	i, found := slices.BinarySearch(p.ts, t)
	if found {
		i++
	}
	if i == 0 {
		return 0, 0, false
	}
	return p.ts[i-1], p.v[i-1], true
}

// within cuts a part to (after, to].
func (p part) within(after, to int64) part {
	if after >= to {
		return part{}
	}
	lo, found := slices.BinarySearch(p.ts, after)
	if found {
		lo++
	}
	hi, found := slices.BinarySearch(p.ts, to)
	if found {
		hi++
	}
	if hi <= lo {
		return part{}
	}
	return part{p.ts[lo:hi], p.v[lo:hi]}
}

// room is where the samples of a load stand, those of one part behind those of another.
// A load that is over leaves it to the next: megabytes anew for each query keep the
// garbage collector busy.
type room struct {
	ts []int64
	v  []float64
}

// partReader reads a part. As long as the timestamps are those of the stream's
// first counter, it keeps none of its own.
type partReader struct {
	stream  *stream
	track   *track
	i       int
	shared  []int64
	aligned bool
	// room is what the part is read into, from where room.ts and room.v ended before.
	room        *room
	fromT, from int

	// Of a sparse span only the newest sample by each wanted instant is kept: held is
	// the newest so far, want the next such instant.
	sparse bool
	wanted instants
	want   int64
	held   struct {
		t  int64
		v  float64
		ok bool
	}
}

// maxRoom bounds the memory taken before a sample was seen: 69 days at 15 s.
const maxRoom = 400_000

func (l *load) newPart(st *stream, k kind, i int) *partReader {
	p := &partReader{stream: st, track: l.track(st, k), i: i, shared: st.shared[i], room: l.room}
	p.aligned = p.shared != nil
	p.fromT, p.from = len(p.room.ts), len(p.room.v)
	s := l.need.spans[i]
	samples := len(p.shared)
	if !p.aligned {
		// A chunk more on either side.
		samples = int(min(maxRoom, max(0, s.hi-max(s.lo, st.gen.From))/max(l.slot, s.grain)+int64(len(l.points))+2*120))
		p.room.ts = slices.Grow(p.room.ts, samples)
	}
	p.room.v = slices.Grow(p.room.v, samples)
	if s.grain > 0 {
		p.sparse, p.wanted = true, instants{span: s, points: l.points}
		p.want = p.wanted.next(s.lo)
	}
	return p
}

// addChunks reads the chunks, leaving out those that hold nothing wanted.
func (p *partReader) addChunks(ctx context.Context, it chunks.Iterator, reuse *chunkenc.Iterator) error {
	more := it.Next()
	for more {
		if err := ctx.Err(); err != nil {
			return err
		}
		meta, end := it.At(), int64(math.MaxInt64)
		if more = it.Next(); more {
			end = it.At().MinTime
		}
		if p.sparse && p.wanted.next(meta.MinTime) >= end {
			continue
		}
		*reuse = meta.Chunk.Iterator(*reuse)
		if err := p.add(*reuse, end); err != nil {
			return err
		}
	}
	return it.Err()
}

// add reads samples; those after them begin at end.
func (p *partReader) add(it chunkenc.Iterator, end int64) error {
	if !p.sparse {
		return p.addAll(it)
	}
	held, want := p.held, p.want // in registers, as most samples pass without being kept
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if typ != chunkenc.ValFloat {
			continue
		}
		t, v := it.At()
		if value.IsStaleNaN(v) {
			continue
		}
		if t > want {
			p.held = held
			p.release()
			held = p.held
			if want = p.wanted.next(t); want >= end {
				break
			}
		}
		held.t, held.v, held.ok = t, v, true
	}
	p.held, p.want = held, want
	return it.Err()
}

// addAll keeps every sample. It is the loop that long curves spend their time in, so
// the slices stay in registers.
func (p *partReader) addAll(it chunkenc.Iterator) error {
	ts, vs := p.room.ts, p.room.v
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if typ != chunkenc.ValFloat {
			continue
		}
		t, v := it.At()
		if value.IsStaleNaN(v) {
			continue
		}
		if p.aligned {
			if n := len(vs) - p.from; n < len(p.shared) && p.shared[n] == t {
				vs = append(vs, v)
				continue
			}
			p.aligned = false
			ts = append(ts, p.shared[:len(vs)-p.from]...)
		}
		ts, vs = append(ts, t), append(vs, v)
	}
	p.room.ts, p.room.v = ts, vs
	return it.Err()
}

// float is the sample the iterator is at, unless it is none that counts.
func float(it chunkenc.Iterator, typ chunkenc.ValueType) (t int64, v float64, ok bool) {
	if typ != chunkenc.ValFloat {
		return 0, 0, false
	}
	t, v = it.At()
	return t, v, !value.IsStaleNaN(v)
}

// release keeps the sample held, if any.
func (p *partReader) release() {
	if !p.held.ok {
		return
	}
	p.held.ok = false
	r := p.room
	if n := len(r.v) - p.from; p.aligned && (n == len(p.shared) || p.shared[n] != p.held.t) {
		p.aligned = false
		r.ts = append(r.ts, p.shared[:n]...)
	}
	if !p.aligned {
		r.ts = append(r.ts, p.held.t)
	}
	r.v = append(r.v, p.held.v)
}

func (p *partReader) done() {
	p.release()
	read := part{p.room.ts[p.fromT:], p.room.v[p.from:]}
	if p.aligned {
		read.ts = p.shared[:len(read.v)]
	}
	if p.shared == nil {
		p.stream.shared[p.i] = read.ts
	}
	p.track.parts[p.i] = read
}

// instants are those wanted of a sparse span: its ends, multiples of its grain, and
// points.
type instants struct {
	span
	points []int64
	i      int // of the point that was next
}

// next is the first instant at or after t, never after the span's end unless t is.
// Asking for ascending times is fast.
func (s *instants) next(t int64) int64 {
	if t <= s.lo {
		return s.lo
	}
	next := max(t, s.hi)
	if s.grain != never {
		next = min(next, (t+s.grain-1)/s.grain*s.grain)
	}
	if s.i > 0 && s.points[s.i-1] >= t {
		s.i = 0
	}
	s.i += ahead(len(s.points)-s.i, func(i int) bool { return s.points[s.i+i] < t })
	if s.i < len(s.points) {
		next = min(next, s.points[s.i])
	}
	return next
}

// ahead is how many of the first n are true, given that no true one follows a false one.
// It looks at the first ones first: where one looks for ascending values, the next is
// near.
func ahead(n int, is func(int) bool) int {
	end := 1
	for end <= n && is(end-1) {
		end *= 2
	}
	lo := end / 2 // that many are true
	return lo + sort.Search(min(end-1, n)-lo, func(i int) bool { return !is(lo + i) })
}
