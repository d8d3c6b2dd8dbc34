package history

import "math/bits"

// memo keeps what At found last at each distance from the end. The starts of long
// windows stay where they are for 4 to 240 slots (slo.Grain), and what was counted
// up to an instant never changes.
type memo [12]struct {
	ts  int64 // ms; 0 if unused
	sum Sum
}

const memoBytes = 12 * 56

// place is where to keep what lies distance ms before the end. Windows of the
// default pairs and of 7 to 30 d have one each: each is 2 to 16 times as long as the
// one before.
func (m *memo) place(distance, slot int64) *struct {
	ts  int64
	sum Sum
} {
	return &m[bits.Len64(uint64(distance/slot))%len(m)]
}
