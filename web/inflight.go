package web

import (
	"net/http"
	"sync"
	"time"
)

// inflight counts requests in handlers, so that Run can join them.
type inflight struct{ wg sync.WaitGroup }

func (f *inflight) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.wg.Add(1)
		defer f.wg.Done()
		next.ServeHTTP(w, r)
	})
}

// wait waits for the last request, at most d; ok is false if it did not end.
func (f *inflight) wait(d time.Duration) (ok bool) {
	done := make(chan struct{})
	go func() {
		f.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}
