package alerting

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is the pause after a failed attempt: 1 s doubling to 5 s, of which a
// random half or more is taken, so that many senders do not return in step.
type backoff struct{ last time.Duration }

const (
	backoffMin = time.Second
	backoffMax = 5 * time.Second
)

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, backoffMin), backoffMax)
	return b.last/2 + rand.N(b.last/2)
}

func (b *backoff) reset() { b.last = 0 }

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
