package derive

import "slices"

// kind is one of the counters a ledger keeps; kinds is a set of them.
type (
	kind  uint8
	kinds uint8
)

const (
	kindBad kind = iota
	kindTotal
	kindObserved
	kindExpected
	kindLateBad
	kindLateTotal
	numKinds
)

const (
	bad      kinds = 1 << kindBad
	total    kinds = 1 << kindTotal
	observed kinds = 1 << kindObserved
	expected kinds = 1 << kindExpected
	late     kinds = 1<<kindLateBad | 1<<kindLateTotal
)

func (k kinds) has(c kind) bool { return k&(1<<c) != 0 }

// storedNames are the ledger's metric names, by kind.
var storedNames = [numKinds]string{
	"slo_bad_events_total", "slo_events_total",
	"slo_scrapes_observed_total", "slo_scrapes_expected_total",
	"slo_late_bad_events_total", "slo_late_events_total",
}

// curve holds a budget's counters, added across sources and generations, over the
// spans that were read: a step function that changes at ts. Where spans do not
// touch, differences between them hold all the same.
type curve struct {
	// ts are ascending; the first of each span is its lo.
	ts []int64
	// row says whether the ledger has a row for the budget at ts.
	row []bool
	// strand are the budget's counters. A composite has none, but its members' as parts.
	strand
	parts []strand
	// spare are columns that another curve has left.
	spare [][]float64

	states *stateCurve
}

// clear makes room for another curve: one of a month is megabytes, and made anew for
// each query they keep the garbage collector busy.
func (c *curve) clear() {
	for k, col := range c.col {
		if col != nil {
			c.spare = append(c.spare, col[:0])
			c.col[k] = nil
		}
	}
	c.ts, c.row, c.parts, c.first, c.states = c.ts[:0], c.row[:0], nil, 0, nil
}

// grow makes room for n instants of the kinds.
func (c *curve) grow(n int, ks kinds) {
	c.ts, c.row = slices.Grow(c.ts, n), slices.Grow(c.row, n)
	for k := range c.col {
		if !ks.has(kind(k)) {
			continue
		}
		if last := len(c.spare) - 1; last >= 0 {
			c.col[k], c.spare = c.spare[last], c.spare[:last]
		}
		if c.col[k] = slices.Grow(c.col[k], n); c.col[k] == nil {
			c.col[k] = []float64{} // counted, if never
		}
	}
}

// strand is what a curve's counters are at its instants.
type strand struct {
	// col are the counters, by kind; nil if not read, or never counted.
	col [numKinds][]float64
	// first is when the budget was first observed, ms: the start of its first slot. It
	// is 0 if that was before all windows read.
	first int64
}

// at returns the index of the newest change at or before t, −1 if there is none.
// hint is an index near it; looking up ascending times is fast.
func (c *curve) at(hint int, t int64) int {
	n := len(c.ts)
	i := min(max(hint, 0), n-1)
	if n == 0 || c.ts[0] > t {
		return -1
	}
	if c.ts[i] <= t {
		// Windows move on by a slot or by a grain; the next change is near.
		for end := min(i+8, n-1); i < end; i++ {
			if c.ts[i+1] > t {
				return i
			}
		}
		return i + c.search(i, n, t)
	}
	return c.search(0, i, t)
}

// search returns how far behind lo the newest change at or before t is, given that
// ts[lo] is not after t.
func (c *curve) search(lo, hi int, t int64) int {
	i, found := slices.BinarySearch(c.ts[lo:hi], t)
	if found {
		return i
	}
	return i - 1
}

// counter is the value of one kind at index i; before the first change it is 0.
func (s *strand) counter(k kind, i int) float64 {
	if i < 0 || s.col[k] == nil {
		return 0
	}
	return s.col[k][i]
}

// size is how many values the curve holds.
func (c *curve) size() int {
	n := 1 + c.columns()
	for i := range c.parts {
		n += c.parts[i].columns()
	}
	return n * len(c.ts)
}

// columns is how many counters a strand holds.
func (s *strand) columns() int {
	n := 0
	for _, col := range s.col {
		if col != nil {
			n++
		}
	}
	return n
}
