package history

import (
	"encoding/binary"
	"math"
)

// cells is how many cells a block holds.
const cells = 128

const blockOverhead = 136

// block is up to 128 cells in rows. Every column is as wide as its largest value
// needs: 0 bytes while all are equal to the first, then 1 to 4 bytes for whole
// numbers, else 8 as a float64. A value that does not fit rewrites the block, which
// happens a few times in a block's life at most.
type block struct {
	start [columns]float64 // sums at the block's beginning
	from  int64            // ms
	first [columns]float64
	width [columns]uint8
	n     uint8
	data  []byte
}

func (b *block) push(v *[columns]float64) {
	if b.n == 0 {
		b.first = *v
	}
	width := b.width
	for i := range v {
		if v[i] != b.first[i] || width[i] > 0 {
			width[i] = max(width[i], need(v[i]), need(b.first[i]))
		}
	}
	if width != b.width {
		b.rewrite(width)
	}
	for i := range v {
		b.data = put(b.data, v[i], width[i])
	}
	b.n++
}

func (b *block) rewrite(width [columns]uint8) {
	row := 0
	for _, w := range width {
		row += int(w)
	}
	data := make([]byte, 0, row*cells)
	if b.n == 0 {
		b.width, b.data = width, data
		return
	}
	var v [columns]float64
	for r := range int(b.n) {
		b.row(r, &v)
		for i := range v {
			data = put(data, v[i], width[i])
		}
	}
	b.width, b.data = width, data
}

// row reads the r-th cell.
func (b *block) row(r int, v *[columns]float64) {
	size := b.rowSize()
	p := b.data[r*size:]
	for i, w := range b.width {
		if w == 0 {
			v[i] = b.first[i]
			continue
		}
		v[i] = get(p, w)
		p = p[w:]
	}
}

func (b *block) rowSize() int {
	size := 0
	for _, w := range b.width {
		size += int(w)
	}
	return size
}

// prefix is the sums after the first n cells.
func (b *block) prefix(n int) [columns]float64 {
	s := b.start
	size, offset := b.rowSize(), 0
	for i, w := range b.width {
		if w == 0 {
			s[i] += b.first[i] * float64(n)
			continue
		}
		s[i] += b.column(offset, size, n, w)
		offset += int(w)
	}
	return s
}

// column adds up the first n values of the column at offset in rows of size bytes.
func (b *block) column(offset, size, n int, width uint8) float64 {
	if n == 0 {
		return 0
	}
	if width == 8 {
		sum := 0.0
		for r := range n {
			sum += math.Float64frombits(binary.LittleEndian.Uint64(b.data[r*size+offset:]))
		}
		return sum
	}
	var sum uint64
	switch width {
	case 1:
		for r := range n {
			sum += uint64(b.data[r*size+offset])
		}
	case 2:
		for r := range n {
			sum += uint64(binary.LittleEndian.Uint16(b.data[r*size+offset:]))
		}
	case 3:
		for r := range n {
			sum += uint64(uint24(b.data[r*size+offset:]))
		}
	case 4:
		for r := range n {
			sum += uint64(binary.LittleEndian.Uint32(b.data[r*size+offset:]))
		}
	}
	return float64(sum)
}

// need is how many bytes a value takes.
func need(v float64) uint8 {
	switch {
	case v < 0 || v != math.Trunc(v) || v > math.MaxUint32:
		return 8
	case v <= math.MaxUint8:
		return 1
	case v <= math.MaxUint16:
		return 2
	case v < 1<<24:
		return 3
	}
	return 4
}

func uint24(p []byte) uint32 { return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 }

func put(p []byte, v float64, width uint8) []byte {
	switch width {
	case 1:
		return append(p, uint8(v))
	case 2:
		return binary.LittleEndian.AppendUint16(p, uint16(v))
	case 3:
		return append(p, uint8(uint32(v)), uint8(uint32(v)>>8), uint8(uint32(v)>>16))
	case 4:
		return binary.LittleEndian.AppendUint32(p, uint32(v))
	case 8:
		return binary.LittleEndian.AppendUint64(p, math.Float64bits(v))
	}
	return p
}

func get(p []byte, width uint8) float64 {
	switch width {
	case 1:
		return float64(p[0])
	case 2:
		return float64(binary.LittleEndian.Uint16(p))
	case 3:
		return float64(uint24(p))
	case 4:
		return float64(binary.LittleEndian.Uint32(p))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(p))
}
