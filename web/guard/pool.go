package guard

import (
	"context"
	"net/http"
	"time"
)

// Pool lets so many handlers run at once, each for at most so long, waiting
// included. A read never takes what another pool or the engine needs.
type Pool struct {
	slots   chan struct{}
	timeout time.Duration
	// Rejected is told each request that found no slot in time; may be nil.
	Rejected func()
}

// NewPool is a pool of size slots. timeout ends the context of what runs in one.
func NewPool(size int, timeout time.Duration) *Pool {
	return &Pool{slots: make(chan struct{}, size), timeout: timeout}
}

// Active is the number of slots taken.
func (p *Pool) Active() int { return len(p.slots) }

// Handler runs next in a slot; 503 when none came free in time. Whatever is
// still written some time after the timeout is cut off, so that a client that
// does not read holds no slot.
func (p *Pool) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), p.timeout)
		defer cancel()
		select {
		case p.slots <- struct{}{}:
			defer func() { <-p.slots }()
		case <-ctx.Done():
			if r.Context().Err() == nil {
				if p.Rejected != nil {
					p.Rejected()
				}
				Unavailable(w, "too many queries at once: none ended in time")
			}
			return
		}
		ctl := http.NewResponseController(w)
		_ = ctl.SetWriteDeadline(time.Now().Add(2 * p.timeout))
		defer func() { _ = ctl.SetWriteDeadline(time.Time{}) }()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
