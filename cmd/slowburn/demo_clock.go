package main

import (
	"sync"
	"time"
)

// demoStory is how long the outage and what follows take, so long as the clock must
// run fast.
const demoStory = 8 * time.Minute

// demoClock is the wall clock or, at a speed above 1, one that is late and makes up
// for it once told to hurry: the future cannot be had, so what passes fast lies in
// the past.
type demoClock struct {
	speed float64

	mu    sync.Mutex
	late  time.Duration // when it began to hurry
	since time.Time     // zero before
}

func newDemoClock(speed float64) *demoClock {
	return &demoClock{speed: speed, late: time.Duration(float64(demoStory) * (speed - 1) / speed)}
}

// now is the demo's time.
func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	late := c.late
	if !c.since.IsZero() {
		late -= time.Duration(float64(now.Sub(c.since)) * (c.speed - 1))
	}
	return now.Add(-max(0, late))
}

// hurry begins to make up for being late.
func (c *demoClock) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
}

// wait is how long d takes on the wall clock.
func (c *demoClock) wait(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}
