package derive

import "slices"

// timeline is the slots at which a series may have a value: every slot of a stretch,
// or only those where the ledger has a row.
type timeline struct {
	n int

	// Every slot: first, first + step and so on; first is also set for rows.
	grid        bool
	first, step int64

	// Rows: the curve's indices idx, or base, base + 1 and so on if idx is nil.
	curve *curve
	base  int
	idx   []int32
}

// gridTimeline is every slot from first to last.
func gridTimeline(first, last, slot int64) timeline {
	tl := timeline{grid: true, first: first, step: slot}
	if first <= last {
		tl.n = int((last-first)/slot) + 1
	}
	return tl
}

// rowTimeline is the curve's rows from first to last.
func rowTimeline(c *curve, first, last, slot int64) timeline {
	lo, _ := slices.BinarySearch(c.ts, first)
	hi, _ := slices.BinarySearch(c.ts, last+1)
	tl := timeline{curve: c, base: lo, step: slot}
	rows := 0
	for _, r := range c.row[lo:hi] {
		if r {
			rows++
		}
	}
	tl.n = rows
	switch {
	case rows == hi-lo || rows == 0:
	default:
		tl.idx = make([]int32, 0, rows)
		for i := lo; i < hi; i++ {
			if c.row[i] {
				tl.idx = append(tl.idx, int32(i))
			}
		}
	}
	return tl
}

// at is the k-th slot's end.
func (tl *timeline) at(k int) int64 {
	switch {
	case tl.grid:
		return tl.first + int64(k)*tl.step
	case tl.idx != nil:
		return tl.curve.ts[tl.idx[k]]
	}
	return tl.curve.ts[tl.base+k]
}

// locate moves the evaluation to the k-th slot.
func (tl *timeline) locate(k int, e *evaluation) {
	e.ts = tl.at(k)
	switch {
	case tl.grid && e.curve != nil:
		e.i = e.curve.at(e.i, e.ts)
	case tl.grid:
	case tl.idx != nil:
		e.i = int(tl.idx[k])
	default:
		e.i = tl.base + k
	}
}

// search is the number of slots before t.
func (tl *timeline) search(t int64) int {
	switch {
	case tl.grid && t <= tl.first:
		return 0
	case tl.grid:
		return int(min(int64(tl.n), (t-tl.first+tl.step-1)/tl.step))
	case tl.idx != nil:
		k, _ := slices.BinarySearchFunc(tl.idx, t, func(i int32, t int64) int {
			if tl.curve.ts[i] < t {
				return -1
			}
			return 1
		})
		return k
	}
	k, _ := slices.BinarySearch(tl.curve.ts[tl.base:tl.base+tl.n], t)
	return k
}

// newest is the newest slot at or before t, −1 if there is none; k is one that is not
// after it, or −1.
func (tl *timeline) newest(k int, t int64) int {
	if tl.grid {
		return tl.search(t+1) - 1
	}
	return k + ahead(tl.n-k-1, func(i int) bool { return tl.at(k+1+i) <= t })
}
