package tsdb

import (
	"sync"
	"time"
)

const (
	// maxAhead is how far in the future a sample may lie.
	maxAhead = 10 * time.Minute
	// maxDrift is how far the wall clock may move against the monotonic one before
	// it is not trusted, and patience how long that is an excuse.
	maxDrift = 30 * time.Second
	patience = 10 * time.Minute
)

// clock decides whether samples from the future are the sender's fault, which is
// final, or may be ours, which is worth a retry.
type clock struct {
	now  func() time.Time
	mono func() time.Duration

	mu      sync.Mutex
	offset  time.Duration // wall − monotonic when it was last trusted
	base    time.Time
	until   time.Duration // not trusted before then, monotonic
	ahead   bool          // batches have lain in the future without a break
	started bool
}

// look compares the clocks and returns the wall time.
func (c *clock) look() time.Time {
	now, mono := c.now(), c.mono()
	c.mu.Lock()
	defer c.mu.Unlock()
	now = now.Round(0)
	if !c.started {
		c.started, c.base, c.offset = true, now, -mono
	}
	offset := now.Sub(c.base) - mono
	if drift := offset - c.offset; drift > maxDrift || drift < -maxDrift {
		c.offset = offset
		c.until = mono + patience
	}
	return now
}

// excuses says whether the future samples of a batch may be our clock's fault:
// when it has jumped lately, or when most of the batch lies in the future, for up
// to ten minutes.
func (c *clock) excuses(future, total int) bool {
	mono := c.mono()
	c.mu.Lock()
	defer c.mu.Unlock()
	most := future*2 > total
	switch {
	case future == 0:
		if total > 0 {
			c.ahead = false
		}
		return false
	case most && !c.ahead:
		c.ahead = true
		c.until = max(c.until, mono+patience)
	}
	return mono < c.until
}

// skewed says whether the clock is not trusted now, or samples are still lost to it.
func (c *clock) skewed() bool {
	mono := c.mono()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead || mono < c.until
}
