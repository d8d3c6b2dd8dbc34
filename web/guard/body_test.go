package guard_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/web/guard"
)

// TestSlowBodyCostsTheConnection: after the grace a body must have come at the
// least rate; one that does may take longer than the grace.
func TestSlowBodyCostsTheConnection(t *testing.T) {
	read := make(chan error, 1)
	body := guard.Body{Max: 1 << 20, Grace: 200 * time.Millisecond, MinRate: 100}
	srv := httptest.NewServer(body.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})))
	defer srv.Close()

	c := dial(t, srv)
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n%s", strings.Repeat("x", 10))
	start := time.Now()
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("10 bytes of 1000: want a deadline exceeded, have %v", err)
	}
	// Ten bytes are worth 100 ms at 100 B/s.
	if took := time.Since(start); took < 250*time.Millisecond || took > 2*time.Second {
		t.Errorf("want it given up after 300ms, have %v", took)
	}

	c = dial(t, srv)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 10 {
		<-tick.C
		fmt.Fprint(c, strings.Repeat("x", 10))
	}
	if err := <-read; err != nil {
		t.Errorf("200 B/s for half a second: have %v", err)
	}
}

// TestUnreadBodyCostsTheConnection: net/http reads on behind a handler that
// refuses without reading; that too ends after the grace.
func TestUnreadBodyCostsTheConnection(t *testing.T) {
	body := guard.Body{Max: 1 << 20, Grace: 200 * time.Millisecond, MinRate: 100}
	srv := httptest.NewServer(body.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	})))
	defer srv.Close()
	c := dial(t, srv)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("want the answer and the end of the connection, have %v", err)
	}
}

func dial(t *testing.T, srv *httptest.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
