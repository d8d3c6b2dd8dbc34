package history

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// boundaries remembers the sums at the newest beginnings of one calendar window.
// Those need not lie on any grain: in Kathmandu a month begins at a quarter past the
// hour in UTC. The newest but one is for instants just before the newest.
type boundaries struct {
	window slo.Window
	ts     [2]int64 // newest first, ms
	sums   [2]Sum
}

// pass notes the boundaries between the slots counted in sum and the one that ends
// at end.
func (b *boundaries) pass(sum Sum, end int64, slot time.Duration) {
	ts := b.window.Start(end, slot)
	if ts == b.ts[0] {
		return
	}
	b.ts[1], b.sums[1] = b.ts[0], b.sums[0]
	b.ts[0], b.sums[0] = ts, sum
}

func (b *boundaries) at(ts int64) (Sum, bool) {
	for i, t := range b.ts {
		if t == ts && t != 0 {
			return b.sums[i], true
		}
	}
	return Sum{}, false
}
