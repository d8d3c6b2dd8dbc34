package guard

import (
	"io"
	"net/http"
	"time"
)

// Body bounds what a client may send and how slowly.
type Body struct {
	// Max is the size of a body, bytes.
	Max int64
	// Grace is how long a body may take whatever its size; beyond it, it must
	// have come at MinRate, bytes per second.
	Grace   time.Duration
	MinRate float64
}

// Handler bounds the bodies that next reads: beyond Max reading fails with
// *http.MaxBytesError, too slow a body fails with a timeout and costs the
// connection.
func (b Body) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			s := &slowBody{
				ReadCloser: http.MaxBytesReader(w, r.Body, b.Max),
				ctl:        http.NewResponseController(w), limits: b, start: time.Now(),
			}
			// Already now: net/http reads on after a handler that did not. A
			// writer without deadlines (a test's recorder) has none to set.
			_ = s.ctl.SetReadDeadline(s.start.Add(b.Grace))
			r.Body = s
		}
		next.ServeHTTP(w, r)
	})
}

// slowBody moves the connection's read deadline on with every byte that came.
type slowBody struct {
	io.ReadCloser
	ctl    *http.ResponseController
	limits Body
	start  time.Time
	n      int64
}

func (s *slowBody) Read(p []byte) (int, error) {
	due := s.limits.Grace + time.Duration(float64(s.n)/s.limits.MinRate*float64(time.Second))
	_ = s.ctl.SetReadDeadline(s.start.Add(due))
	n, err := s.ReadCloser.Read(p)
	s.n += int64(n)
	if err == io.EOF {
		// The deadline was the body's; the next request has its own. After any
		// other error it stays: net/http would read the rest without one.
		_ = s.ctl.SetReadDeadline(time.Time{})
	}
	return n, err
}
