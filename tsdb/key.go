package tsdb

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// key tells a series by its label bytes: a hash of 64 bits under a seed of this
// process, so that no sender finds two series with the same, and 32 bits more that
// cost next to nothing, so that chance does not either.
type key struct {
	a uint64
	b uint32
}

var (
	seed = maphash.MakeSeed()
	// mix are odd numbers nobody else knows, as many as a series has references by
	// default.
	mix = func() (m [128]uint64) {
		for i := range m {
			m[i] = maphash.Comparable(seed, i) | 1
		}
		return m
	}()
)

func hashOf(b []byte) uint64 { return maphash.Bytes(seed, b) }

// keyOf is the key of labels that stand together, as in 1.0. What comes on top of
// the hash is their length and end, where series of one metric differ most often.
func keyOf(b []byte) key {
	tail := uint64(len(b))
	if len(b) >= 8 {
		tail ^= binary.LittleEndian.Uint64(b[len(b)-8:])
	}
	hi, _ := bits.Mul64(tail, mix[0])
	return key{hashOf(b), uint32(hi)}
}

// join makes the key of a sequence of hashes: the sum of each times a number of its
// place, so that no step waits for the one before.
type join struct{ a, b, n uint64 }

// with is the join with one more hash. It is a value, so that it stays in registers.
func (j join) with(hash uint64) join {
	hi, lo := bits.Mul64(hash, mix[j.n%uint64(len(mix))])
	return join{j.a + lo, j.b + hi, j.n + 1}
}

func (j join) key() key { return key{j.a, uint32(j.b)} }
