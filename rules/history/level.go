package history

// level is the past at one grain: a queue of blocks of cells, the last of which
// is still filling. A cell holds what was counted in (start, start+grain].
type level struct {
	grain int64 // ms
	keep  int64 // ms of past that windows may reach into
	// cell is the end of the cell being filled, ms, and open what it holds.
	cell   int64
	open   [columns]float64
	blocks []block
}

func (l *level) begin(first int64) {
	l.cell = ceil(first+1, l.grain)
}

// add puts a slot's counts, which begin at sum, into the cell they lie in,
// finishing all cells before it.
func (l *level) add(sum Sum, end int64, d Sum) {
	if end > l.cell {
		if reach := ceil(end, l.grain) - ceil(l.keep, l.grain); l.cell < reach {
			// No window reaches back beyond the gap: what lies before it is in sum.
			l.blocks = nil
			l.open = [columns]float64{}
			l.cell = reach
		}
		l.push(sum)
		for l.cell += l.grain; end > l.cell; l.cell += l.grain {
			l.push(sum)
		}
	}
	for i, v := range d.array() {
		l.open[i] += v
	}
}

// push finishes the open cell; sum is what was counted up to its end.
func (l *level) push(sum Sum) {
	if n := len(l.blocks); n == 0 || l.blocks[n-1].n == cells {
		start := sum.array()
		for i, v := range l.open {
			start[i] -= v
		}
		l.begins(block{start: *start, from: l.cell - l.grain})
	}
	l.blocks[len(l.blocks)-1].push(&l.open)
	l.open = [columns]float64{}
}

// begins appends a block and lets go of those no window reaches into. It happens every
// 128 cells, so there is no room for more: for most of its life it would stay empty.
func (l *level) begins(next block) {
	i := 0
	for i < len(l.blocks) && l.blocks[i].from+int64(l.blocks[i].n)*l.grain < l.cell-l.keep {
		i++
	}
	blocks := make([]block, 0, len(l.blocks)-i+1)
	l.blocks = append(append(blocks, l.blocks[i:]...), next)
}

// at is what was counted up to ts, if the level reaches back that far and ts
// lies on its grain.
func (l *level) at(ts int64) (Sum, bool) {
	if len(l.blocks) == 0 || ts < l.blocks[0].from || ts > l.cell-l.grain || (ts-l.cell)%l.grain != 0 {
		return Sum{}, false
	}
	// Blocks are full but for the last, so the place follows from the distance.
	i := int((ts - l.blocks[0].from) / l.grain)
	b, n := i/cells, i%cells
	if b == len(l.blocks) {
		b, n = b-1, cells
	}
	s := l.blocks[b].prefix(n)
	return fromArray(&s), true
}

// oldest is the earliest sum the level knows.
func (l *level) oldest() Sum {
	if len(l.blocks) == 0 {
		return Sum{}
	}
	return fromArray(&l.blocks[0].start)
}

func (l *level) bytes() int {
	n := 0
	for i := range l.blocks {
		n += blockOverhead + cap(l.blocks[i].data)
	}
	return n
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
