package history

import "slices"

// block is up to 64 cells of all counters: their columns, one behind the other.
type block struct {
	words []uint64
	size  [columns]uint8 // words of each column
	n     uint8          // cells
}

// newBlock holds one cell, after the given sums.
func newBlock(start, cell *[columns]float64) block {
	var all [columns]column
	for i, v := range cell {
		if start[i] != 0 || v != 0 {
			all[i] = newColumn(start[i], cell[i:i+1])
		}
	}
	b := block{n: 1}
	b.hold(&all)
	return b
}

// push appends a cell. A few times in a block's life that takes a wider column.
func (b *block) push(cell *[columns]float64) {
	all, wider := b.columns(), false
	for i, v := range cell {
		if !all[i].put(int(b.n), v) {
			all[i], wider = all[i].with(int(b.n), v), true
		}
	}
	if wider {
		b.hold(&all)
	}
	b.n++
}

// pushEmpty appends n cells that hold nothing; there must be room for them. That is no
// work where a cell's zeros stand for nothing.
func (b *block) pushEmpty(n int) {
	for n > 0 && b.lifted() {
		b.push(&[columns]float64{})
		n--
	}
	b.n += uint8(n)
}

func (b *block) lifted() bool {
	all := b.columns()
	return slices.ContainsFunc(all[:], column.lifted)
}

// filled are the cells that may hold something, a bit each.
func (b *block) filled() uint64 {
	cells := uint64(0)
	for _, c := range b.columns() {
		cells |= c.filled()
	}
	return cells & (1<<b.n - 1)
}

// sums are what was counted up to the end of the first n cells.
func (b *block) sums(n int) (s [columns]float64) {
	rest := column(b.words)
	for i, size := range b.size {
		if size > 0 {
			s[i], rest = rest[:size].sum(n), rest[size:]
		}
	}
	return s
}

// cell is the n-th.
func (b *block) cell(n int) (v [columns]float64) {
	for i, c := range b.columns() {
		v[i] = c.cell(n)
	}
	return v
}

func (b *block) columns() (all [columns]column) {
	rest := column(b.words)
	for i, size := range b.size {
		if size > 0 {
			all[i], rest = rest[:size], rest[size:]
		}
	}
	return all
}

func (b *block) hold(all *[columns]column) {
	b.words = slices.Concat(all[:]...)
	for i, c := range all {
		b.size[i] = uint8(len(c))
	}
}
