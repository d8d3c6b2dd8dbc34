package tsdb

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// TestUvarint: whatever lies behind a varint, and wherever the message ends, it reads
// what encoding/binary does, and a span is as long as that says.
func TestUvarint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		before := rapid.IntRange(0, 3).Draw(t, "before")
		b := append(binary.AppendUvarint(make([]byte, before), v), rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "behind")...)
		b = b[:rapid.IntRange(before, len(b)).Draw(t, "end")]
		want, n := binary.Uvarint(b[before:])
		start, end := span(b, before)
		if fits := n > 0 && want <= uint64(len(b)-before-n); fits && (start != before+n || end != start+int(want)) || !fits && end >= 0 {
			t.Fatalf("%x from %d: want %d bytes behind the length, %t; have %d to %d", b, before, want, fits, start, end)
		}
		if n <= 0 {
			want, n = 0, -1-before
		}
		if have, end := uvarint(b, before); have != want || end != before+n {
			t.Fatalf("%x from %d: want %d, ends at %d, have %d, ends at %d", b, before, want, before+n, have, end)
		}
	})
}
