package history

import (
	"math/bits"
	"slices"
)

// level is a stretch of the past at one grain: a queue of blocks of cells, and the cell
// that is still filling. A cell holds what was counted in (start, start+grain].
type level struct {
	grain int64 // ms
	keep  int64 // how far before the cell being filled windows look at this grain, ms
	// from is where the first block begins, and cell the end of the cell being filled, ms.
	from, cell int64
	// sum is what was counted before the cell being filled, and open what it holds.
	sum, open [columns]float64
	blocks    []block
	// older takes over the cells too old for this level; nil if nothing does.
	older *level
}

// begin makes what follows first the cell being filled.
func (l *level) begin(first int64) {
	l.cell = ceil(first+1, l.grain)
	l.from = l.cell - l.grain
}

// add counts d in the cell that holds end, finishing all cells before it.
func (l *level) add(end int64, d *[columns]float64) {
	if reach := ceil(end, l.grain) - ceil(l.keep, l.grain); l.cell < reach {
		// No window looks at what lies before the gap at this grain.
		l.push()
		l.pass(len(l.blocks))
		l.begin(reach - l.grain)
	}
	for l.cell < end {
		l.push()
		// The cells after it, up to the one that holds end, are empty.
		newest := &l.blocks[len(l.blocks)-1]
		empty := min(int((end-l.cell+l.grain-1)/l.grain), cells-int(newest.n))
		newest.pushEmpty(empty)
		l.cell += int64(empty) * l.grain
	}
	for i, v := range d {
		l.open[i] += v
	}
}

// push finishes the open cell.
func (l *level) push() {
	if n := len(l.blocks); n > 0 && l.blocks[n-1].n < cells {
		l.blocks[n-1].push(&l.open)
	} else {
		l.pass(int(max(0, l.cell-l.keep-l.from-1)) / int(cells*l.grain))
		// There is no room for more: for most of its life it would stay empty.
		l.blocks = slices.Concat(l.blocks, []block{newBlock(&l.sum, &l.open)})
	}
	for i, v := range l.open {
		l.sum[i] += v
	}
	l.open = [columns]float64{}
	l.cell += l.grain
}

// pass hands the oldest blocks on to the next level.
func (l *level) pass(old int) {
	for i := range l.blocks[:old] {
		b := &l.blocks[i]
		for rest := b.filled(); rest != 0 && l.older != nil; rest &= rest - 1 {
			n := bits.TrailingZeros64(rest)
			cell := b.cell(n)
			l.older.add(l.from+int64(n+1)*l.grain, &cell)
		}
		l.from += int64(b.n) * l.grain
	}
	l.blocks = l.blocks[old:]
}

// at is what was counted up to the newest instant on the level's grain by ts, or else
// up to where it begins. What the level was not handed yet is not in it.
func (l *level) at(ts int64) [columns]float64 {
	i := int(max(0, ts-l.from) / l.grain)
	switch b := i / cells; {
	case ts >= l.cell:
		sum := l.sum
		for i, v := range l.open {
			sum[i] += v
		}
		return sum
	case b < len(l.blocks):
		return l.blocks[b].sums(i % cells)
	}
	return l.sum
}

func ceil(ts, grain int64) int64 {
	r := ts % grain
	if r == 0 {
		return ts
	}
	if r < 0 {
		r += grain
	}
	return ts - r + grain
}
