package history

import (
	"math"
	"math/bits"
)

// cells is how many cells a column holds at most: one for each bit of a word.
const cells = 64

// column is one counter over up to 64 cells: first the sum where they begin and the
// smallest of them, as float64, then what each cell has beyond the smallest, bit by bit:
// bit n of word 2+j is bit j of cell n. So cells that are much alike take few words, and
// to add up the first n is to count bits. Cells that are not whole numbers stand one a
// word, as float64 (plain). A counter that never counted has no column: nil reads as 0.
type column []uint64

// plain is the length of a column of float64s.
const plain = 2 + cells

// newColumn holds cells, at least one, after a sum of start.
func newColumn(start float64, cells []float64) column {
	least, most, whole := cells[0], cells[0], true
	for _, v := range cells {
		least, most = min(least, v), max(most, v)
		// Up to 2^52, differences are exact too.
		whole = whole && v == math.Trunc(v) && math.Abs(v) <= 1<<52
	}
	size := plain
	switch {
	case least == most:
		size = 2
	case whole:
		size = 2 + bits.Len64(uint64(most-least))
	}
	c := make(column, size)
	c[0], c[1] = math.Float64bits(start), math.Float64bits(least)
	for n, v := range cells {
		c.put(n, v)
	}
	return c
}

// put sets the n-th cell. It returns false if the column has no room for v.
func (c column) put(n int, v float64) bool {
	switch {
	case c == nil:
		return v == 0
	case len(c) == plain:
		c[2+n] = math.Float64bits(v)
		return true
	}
	slices, beyond := c[2:], v-c.least()
	if !(beyond >= 0 && beyond < float64(uint64(1)<<len(slices))) || beyond != math.Trunc(beyond) {
		return false
	}
	for j, rest := 0, uint64(beyond); rest > 0; j, rest = j+1, rest>>1 {
		slices[j] |= (rest & 1) << n
	}
	return true
}

// with is a column of the first n cells and v.
func (c column) with(n int, v float64) column {
	var all [cells]float64
	for i := range n {
		all[i] = c.cell(i)
	}
	all[n] = v
	return newColumn(c.start(), all[:n+1])
}

// sum is what was counted up to the end of the first n cells.
func (c column) sum(n int) float64 {
	switch {
	case c == nil:
		return 0
	case len(c) == plain:
		sum := 0.0
		for _, v := range c[2 : 2+n] {
			sum += math.Float64frombits(v)
		}
		return c.start() + sum
	}
	first := uint64(1)<<n - 1
	beyond := 0
	for j := len(c) - 1; j > 1; j-- {
		beyond = 2*beyond + bits.OnesCount64(c[j]&first)
	}
	return c.start() + c.least()*float64(n) + float64(beyond)
}

// cell is the n-th.
func (c column) cell(n int) float64 {
	switch {
	case c == nil:
		return 0
	case len(c) == plain:
		return math.Float64frombits(c[2+n])
	}
	beyond := uint64(0)
	for j := len(c) - 1; j > 1; j-- {
		beyond = 2*beyond + (c[j]>>n)&1
	}
	return c.least() + float64(beyond)
}

// filled are the cells that may hold something, a bit each.
func (c column) filled() uint64 {
	switch {
	case c == nil:
		return 0
	case len(c) == plain || c.lifted():
		return math.MaxUint64
	}
	cells := uint64(0)
	for _, slice := range c[2:] {
		cells |= slice
	}
	return cells
}

// lifted says that a cell's zeros stand for more than nothing.
func (c column) lifted() bool { return c != nil && len(c) != plain && c.least() != 0 }

func (c column) start() float64 {
	if c == nil {
		return 0
	}
	return math.Float64frombits(c[0])
}

func (c column) least() float64 { return math.Float64frombits(c[1]) }
