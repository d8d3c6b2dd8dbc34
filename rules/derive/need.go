package derive

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// need is what must be read of a budget's ledger for some of its series.
type need struct {
	kinds kinds
	// absolute says that the counters themselves are wanted, not their differences,
	// so all older generations count.
	absolute bool
	// dense are the stretches of which every row is wanted; they are disjoint and
	// ascending. sparse are those of which only some instants are.
	dense, sparse []span
	// points are wanted instants of sparse spans beside their grain's, ascending.
	points []int64
	// spans are dense and what is left of sparse beside it, ascending.
	spans []span
}

// span is a stretch of event time, both ends included, ms.
type span struct {
	lo, hi int64
	// grain says that only multiples of it are wanted; 0 is everything.
	grain int64
}

// allTime is for listing series, not for reading them.
var allTime = []span{{lo: math.MinInt64, hi: math.MaxInt64}}

// never is the grain of a span of which only points are wanted.
const never = math.MaxInt64 / 2

// near is how close two dense spans may come before they are read as one: the
// ledger's chunks hold 30 min, so reading through is as cheap as starting anew.
const near = 2 * time.Hour

// newNeed reads the slots first to last, or what is the newest at each of the steps,
// and where the windows that end there begin. Windows over 6 h begin at full 10 minutes
// or hours, so of what lies before the first slot most can be skipped.
func newNeed(k kinds, windows map[slo.Window]struct{}, first, last int64, looked steps, slot time.Duration) *need {
	n := &need{kinds: k}
	if first > last {
		return n
	}
	if looked.every > slot.Milliseconds() {
		n.sparse = append(n.sparse, span{lo: first, hi: last, grain: never})
		n.points = looked.times()
	} else {
		n.dense = append(n.dense, span{lo: first, hi: last})
	}
	for w := range windows {
		s := span{lo: w.Start(first, slot), hi: w.Start(last, slot), grain: slo.Grain(w.Length, slot).Milliseconds()}
		switch {
		case w.Calendar != "":
			s.grain = never
			for t := s.hi; t >= s.lo; t = w.Start(t, slot) {
				n.points = append(n.points, t)
			}
			n.sparse = append(n.sparse, s)
		case s.grain >= 10*time.Minute.Milliseconds():
			n.sparse = append(n.sparse, s)
		default:
			s.grain = 0
			n.dense = append(n.dense, s)
		}
	}
	n.settle()
	return n
}

// settle brings the spans in order.
func (n *need) settle() {
	slices.Sort(n.points)
	n.points = slices.Compact(n.points)
	n.dense = join(n.dense, near.Milliseconds())
	n.sparse = join(n.sparse, 0)
	n.spans = slices.Clone(n.dense)
	for _, s := range n.sparse {
		for _, d := range n.dense {
			if d.lo > s.hi {
				break
			}
			if s.lo < d.lo {
				n.spans = append(n.spans, span{s.lo, d.lo - 1, s.grain})
			}
			s.lo = max(s.lo, d.hi+1)
		}
		if s.lo <= s.hi {
			n.spans = append(n.spans, s)
		}
	}
	slices.SortFunc(n.spans, byTime)
}

func byTime(a, b span) int { return cmp.Compare(a.lo, b.lo) }

// join sorts spans and makes one of those that overlap, or lie closer than gap.
// Grains divide each other.
func join(spans []span, gap int64) []span {
	slices.SortFunc(spans, byTime)
	out := spans[:0]
	for _, s := range spans {
		if k := len(out) - 1; k >= 0 && s.lo-out[k].hi <= gap {
			out[k].hi = max(out[k].hi, s.hi)
			out[k].grain = min(out[k].grain, s.grain)
			continue
		}
		out = append(out, s)
	}
	return out
}

// covers says whether what was read for n serves m too.
func (n *need) covers(m *need) bool {
	if n == m {
		return true
	}
	if n.kinds&m.kinds != m.kinds || n.absolute != m.absolute || !slices.Equal(n.points, m.points) {
		return false
	}
	for _, s := range m.spans {
		if !slices.ContainsFunc(n.spans, func(have span) bool {
			return have.lo <= s.lo && s.hi <= have.hi && have.grain <= s.grain
		}) {
			return false
		}
	}
	return true
}

// with returns a need that covers both.
func (n *need) with(m *need) *need {
	switch {
	case n == nil || m.covers(n):
		return m
	case n.covers(m):
		return n
	}
	both := &need{
		kinds:    n.kinds | m.kinds,
		absolute: m.absolute,
		dense:    slices.Concat(n.dense, m.dense),
		sparse:   slices.Concat(n.sparse, m.sparse),
		points:   slices.Concat(n.points, m.points),
	}
	both.settle()
	return both
}

// samples estimates how many samples of one budget are kept under n.
func (n *need) samples(slot int64) int64 {
	sum := int64(0)
	for _, s := range n.spans {
		sum += (s.hi-s.lo)/max(slot, s.grain) + 64
	}
	sum += int64(len(n.points))
	series := int64(0)
	for k := range numKinds {
		if n.kinds.has(k) {
			series++
		}
	}
	return sum * series
}
