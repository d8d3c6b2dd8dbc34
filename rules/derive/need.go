package derive

import (
	"cmp"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// need is what must be read of a budget's ledger for some of its series.
type need struct {
	kinds kinds
	// spans are disjoint and ascending.
	spans []span
	// absolute says that the counters themselves are wanted, not their differences,
	// so all older generations count.
	absolute bool
}

// near is how close two spans may come before they are read as one: the ledger's
// chunks hold 30 min, so reading through is as cheap as starting anew.
const near = 2 * time.Hour

// rowsNeed reads values at slots first to last, and nothing before.
func rowsNeed(k kinds, first, last int64) *need {
	n := &need{kinds: k}
	if first <= last {
		n.spans = []span{{first, last}}
	}
	return n
}

// addWindows adds what windows that end at first to last begin with.
func (n *need) addWindows(windows map[slo.Window]struct{}, first, last int64, slot time.Duration) {
	if first > last {
		return
	}
	for w := range windows {
		n.spans = append(n.spans, span{w.Start(first, slot), w.Start(last, slot)})
	}
	n.spans = join(n.spans)
}

// join sorts spans and makes one of those that overlap or nearly touch.
func join(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	out := spans[:0]
	for _, s := range spans {
		if k := len(out) - 1; k >= 0 && s.lo-out[k].hi <= near.Milliseconds() {
			out[k].hi = max(out[k].hi, s.hi)
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
	if n.kinds&m.kinds != m.kinds || n.absolute != m.absolute {
		return false
	}
	for _, s := range m.spans {
		if !slices.ContainsFunc(n.spans, func(have span) bool { return have.lo <= s.lo && s.hi <= have.hi }) {
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
	return &need{
		kinds:    n.kinds | m.kinds,
		absolute: m.absolute,
		spans:    join(slices.Concat(n.spans, m.spans)),
	}
}

// samples estimates how many samples one budget has under n.
func (n *need) samples(slot int64) int64 {
	sum := int64(0)
	for _, s := range n.spans {
		sum += (s.hi-s.lo)/slot + 64
	}
	series := int64(0)
	for k := range numKinds {
		if n.kinds.has(k) {
			series++
		}
	}
	return sum * series
}
