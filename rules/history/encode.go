package history

import (
	"encoding/binary"
	"errors"
	"math"
)

// errTruncated says that encoded bytes end too early or make no sense.
var errTruncated = errors.New("history: encoded bytes are damaged")

// errOther says that the bytes are those of a history that would answer other windows.
var errOther = errors.New("history: encoded for other windows or slots")

// AppendBinary appends the whole history to p, for a checkpoint.
func (h *History) AppendBinary(p []byte) ([]byte, error) {
	p = binary.AppendVarint(p, h.first)
	p = binary.AppendVarint(p, h.end)
	p = appendFloats(p, h.sum.array())
	p = binary.AppendUvarint(p, uint64(len(h.calendar)))
	for i := range h.calendar {
		p = h.calendar[i].append(p)
	}
	for i := range h.levels {
		l := &h.levels[i]
		p = binary.AppendVarint(p, l.grain)
		p = binary.AppendVarint(p, l.keep)
		p = binary.AppendVarint(p, l.cell)
		p = appendFloats(p, &l.sum)
		p = appendFloats(p, &l.open)
		p = binary.AppendUvarint(p, uint64(len(l.blocks)))
		for k := range l.blocks {
			p = l.blocks[k].append(p)
		}
	}
	return p, nil
}

func (b *block) append(p []byte) []byte {
	p = append(append(p, b.n), b.size[:]...)
	for _, w := range b.words {
		p = binary.LittleEndian.AppendUint64(p, w)
	}
	return p
}

func (b *boundaries) append(p []byte) []byte {
	name := b.name()
	p = append(binary.AppendUvarint(p, uint64(len(name))), name...)
	for i := range b.ts {
		p = appendFloats(binary.AppendVarint(p, b.ts[i]), b.sums[i].array())
	}
	return p
}

// name tells calendar windows apart.
func (b *boundaries) name() string { return b.window.String() + " " + b.window.Zone.String() }

func appendFloats(p []byte, v *[columns]float64) []byte {
	for _, f := range v {
		p = binary.LittleEndian.AppendUint64(p, math.Float64bits(f))
	}
	return p
}

// UnmarshalBinary replaces the history by an encoded one. It must have been made
// with the same slot and reach as far back as this one; else, or if the bytes are
// damaged, it is an error and the history is unusable.
func (h *History) UnmarshalBinary(p []byte) error {
	d := decoder{p: p}
	h.first, h.end = d.varint(), d.varint()
	sum := d.floats()
	h.sum = fromArray(&sum)
	if d.uvarint() != uint64(len(h.calendar)) {
		return errOther
	}
	for i := range h.calendar {
		if name := h.calendar[i].name(); string(d.bytes(int(d.uvarint()))) != name {
			return errOther
		}
		for k := range h.calendar[i].ts {
			h.calendar[i].ts[k] = d.varint()
			sum := d.floats()
			h.calendar[i].sums[k] = fromArray(&sum)
		}
	}
	for i := range h.levels {
		l := &h.levels[i]
		if grain, keep := d.varint(), d.varint(); grain != l.grain || keep < l.keep {
			return errOther
		}
		l.cell, l.sum, l.open = d.varint(), d.floats(), d.floats()
		n := d.uvarint()
		if n > uint64(len(d.p)) {
			return errTruncated
		}
		l.blocks, l.from = make([]block, n), l.cell-l.grain
		for k := range l.blocks {
			b := &l.blocks[k]
			d.block(b)
			d.bad = d.bad || b.n == 0 || b.n > cells || b.n < cells && k < len(l.blocks)-1
			l.from -= int64(b.n) * l.grain
		}
	}
	if d.bad || len(d.p) > 0 {
		return errTruncated
	}
	return nil
}

// decoder reads from p and remembers whether it ever ran short.
type decoder struct {
	p   []byte
	bad bool
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.p)
	return advance(d, v, n)
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.p)
	return advance(d, v, n)
}

func advance[T int64 | uint64](d *decoder, v T, n int) T {
	if n <= 0 {
		d.bad, d.p = true, nil
		return 0
	}
	d.p = d.p[n:]
	return v
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.p) {
		d.bad, d.p = true, nil
		return make([]byte, max(0, min(n, 64)))
	}
	b := d.p[:n]
	d.p = d.p[n:]
	return b
}

func (d *decoder) floats() (v [columns]float64) {
	b := d.bytes(8 * columns)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

func (d *decoder) block(b *block) {
	b.n = d.bytes(1)[0]
	copy(b.size[:], d.bytes(columns))
	words := 0
	for _, size := range b.size {
		// A column is nothing, or two words and one for each of at most 53 bits, or plain.
		d.bad = d.bad || size == 1 || size > 2+53 && size != plain
		words += int(size)
	}
	p := d.bytes(8 * words)
	if d.bad {
		return
	}
	b.words = make([]uint64, words)
	for i := range b.words {
		b.words[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
}
