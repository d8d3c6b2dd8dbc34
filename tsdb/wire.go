package tsdb

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// errMalformed answers a body that is not the protobuf message it claims to be.
var errMalformed = errors.New("malformed protobuf")

// Protobuf wire types.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// uvarint reads a varint at i and returns it with the offset behind it, which is
// negative if there is none.
func uvarint(b []byte, i int) (uint64, int) {
	if uint(i) < uint(len(b)) && b[i] < 0x80 {
		return uint64(b[i]), i + 1
	}
	return longUvarint(b, i)
}

// longUvarint reads a varint of several bytes, most often a timestamp's six, in one go:
// where its end is within eight bytes, the groups of seven bits are pushed together in
// three steps, by pairs, by fours and by eights.
func longUvarint(b []byte, i int) (uint64, int) {
	if i < 0 || i > len(b) {
		return 0, -1
	}
	if i+8 <= cap(b) { // bytes behind the end do no harm
		x := binary.LittleEndian.Uint64(b[i : i+8])
		if ends := ^x & 0x8080_8080_8080_8080; ends != 0 {
			end := i + bits.TrailingZeros64(ends)>>3 + 1
			if end > len(b) {
				return 0, -1
			}
			x &= ends ^ (ends - 1)
			x = x&0x007f_007f_007f_007f | x&0x7f00_7f00_7f00_7f00>>1
			x = x&0x0000_3fff_0000_3fff | x&0x3fff_0000_3fff_0000>>2
			x = x&0x0000_0000_0fff_ffff | x&0x0fff_ffff_0000_0000>>4
			return x, end
		}
	}
	v, n := binary.Uvarint(b[i:])
	if n <= 0 {
		return 0, -1
	}
	return v, i + n
}

// span reads a length at i and returns where the bytes behind it begin and end;
// end is negative if they reach beyond b.
func span(b []byte, i int) (start, end int) {
	if uint(i) < uint(len(b)) && b[i] < 0x80 {
		start = i + 1
		end = start + int(b[i])
	} else {
		n, at := longUvarint(b, i)
		if at < 0 || n > uint64(len(b)) {
			return 0, -1
		}
		start = at
		end = at + int(n)
	}
	if end > len(b) {
		return 0, -1
	}
	return start, end
}

// fixed64 reads eight bytes at i as a float.
func fixed64(b []byte, i int) (float64, int) {
	if i < 0 || i+8 > len(b) {
		return 0, -1
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b[i:])), i + 8
}

// skip returns the offset behind a value that nobody asks for, negative if it
// cannot be.
func skip(b []byte, i int, tag uint64) int {
	if tag>>3 == 0 {
		return -1
	}
	switch tag & 7 {
	case wireVarint:
		_, i = uvarint(b, i)
	case wireFixed64:
		i += 8
	case wireBytes:
		_, i = span(b, i)
	case wireFixed32:
		i += 4
	default:
		return -1
	}
	if i > len(b) {
		return -1
	}
	return i
}

func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
