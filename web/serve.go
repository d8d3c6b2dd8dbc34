package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Run serves on the listeners until ctx ends, then lets requests finish for up
// to 3 seconds and returns nil. It closes the listeners in any case.
func (h *Handler) Run(ctx context.Context, listeners ...net.Listener) error {
	if len(listeners) == 0 {
		return errors.New("web: nothing to listen on")
	}
	servers := make([]*http.Server, len(listeners))
	ended := make(chan error, len(listeners))
	for i, l := range listeners {
		servers[i] = h.server()
		go func() {
			err := h.auth.Serve(h.conns.Listener(l), servers[i], h.o.Logger)
			l.Close() // Serve does so too, unless it failed before it began
			ended <- fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}()
	}
	var err error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case err = <-ended:
		left--
	}
	if late := h.shutdown(servers); late != nil {
		h.o.Logger.Warn("requests cut off at shutdown", "err", late)
	}
	for ; left > 0; left-- {
		<-ended
	}
	return err
}

// server is one per listener: exporter-toolkit wraps the handler of each.
func (h *Handler) server() *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       h.conns.Context,
		// What net/http says here was caused by clients: broken TLS, early ends.
		ErrorLog: slog.NewLogLogger(h.o.Logger.Handler(), slog.LevelDebug),
	}
}

func (h *Handler) shutdown(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	var late error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			late = err
			s.Close()
		}
	}
	// Close has cancelled what still ran; handlers see that at their next step.
	if !h.requests.wait(time.Second) {
		late = errors.Join(late, errors.New("a handler did not end"))
	}
	return late
}
