package guard_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/slowburn/slowburn/web/guard"
)

// TestConnsGiveWayOnlyWhenIdle: a served connection stays, the one idle for
// longest goes; when all are served, the new one is closed.
func TestConnsGiveWayOnlyWhenIdle(t *testing.T) {
	var idle, busy atomic.Int32
	conns := guard.NewConns(2, func(reason string) {
		if reason == "idle" {
			idle.Add(1)
			return
		}
		busy.Add(1)
	})
	begun, end := make(chan struct{}), make(chan struct{})
	srv := httptest.NewUnstartedServer(conns.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-end
	})))
	srv.Listener = conns.Listener(srv.Listener)
	srv.Config.ConnContext = conns.Context
	srv.Start()
	defer srv.Close()

	asks := func() net.Conn {
		c := dial(t, srv)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		return c
	}
	asks()
	<-begun
	silent := dial(t, srv)
	asks()
	<-begun
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("want the silent connection closed")
	}
	refused := asks()
	if _, err := refused.Read(make([]byte, 1)); err == nil {
		t.Error("want the third asking connection closed")
	}
	if idle.Load() != 1 || busy.Load() != 1 || conns.Len() != 2 {
		t.Errorf("want 1 idle and 1 busy closed, 2 open, have %d, %d, %d", idle.Load(), busy.Load(), conns.Len())
	}
	close(end)
}
