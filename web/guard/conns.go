package guard

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Conns bounds the connections of a server. At the limit the connection that has
// been without a request in a handler for longest gives way to the new one: a
// flood of idle or dribbling connections cannot keep out those who ask
// something. If all are being served, the new one is closed.
type Conns struct {
	max int
	// closed is told why a connection was closed: "idle" or "busy".
	closed func(reason string)

	mu   sync.Mutex
	all  int
	idle *list.List // of *conn, longest idle first
}

// NewConns bounds to max connections. closed may be nil.
func NewConns(max int, closed func(reason string)) *Conns {
	if closed == nil {
		closed = func(string) {}
	}
	return &Conns{max: max, closed: closed, idle: list.New()}
}

// Len is the number of open connections.
func (c *Conns) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// Listener counts the connections that l accepts.
func (c *Conns) Listener(l net.Listener) net.Listener { return &listener{l, c} }

type listener struct {
	net.Listener
	conns *Conns
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if k := l.conns.admit(nc); k != nil {
			return k, nil
		}
		nc.Close()
		l.conns.closed("busy")
	}
}

// admit makes room for nc; nil if there is none.
func (c *Conns) admit(nc net.Conn) *conn {
	c.mu.Lock()
	var evicted *conn
	if c.all >= c.max {
		e := c.idle.Front()
		if e == nil {
			c.mu.Unlock()
			return nil
		}
		evicted = e.Value.(*conn)
		c.forget(evicted)
	}
	k := &conn{Conn: nc, of: c}
	k.idle = c.idle.PushBack(k)
	c.all++
	c.mu.Unlock()
	if evicted != nil {
		evicted.Conn.Close()
		c.closed("idle")
	}
	return k
}

// forget stops counting k. The caller holds the lock.
func (c *Conns) forget(k *conn) {
	if k.gone {
		return
	}
	k.gone = true
	c.all--
	if k.idle != nil {
		c.idle.Remove(k.idle)
		k.idle = nil
	}
}

// conn is one counted connection; it stands in the idle list while no handler
// serves a request of it. HTTP/2 may serve several.
type conn struct {
	net.Conn
	of      *Conns
	idle    *list.Element
	serving int
	gone    bool
}

func (k *conn) Close() error {
	k.of.mu.Lock()
	k.of.forget(k)
	k.of.mu.Unlock()
	return k.Conn.Close()
}

func (k *conn) serve(n int) {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	k.serving += n
	switch {
	case k.gone:
	case k.serving > 0 && k.idle != nil:
		k.of.idle.Remove(k.idle)
		k.idle = nil
	case k.serving == 0 && k.idle == nil:
		k.idle = k.of.idle.PushBack(k)
	}
}

type connKey struct{}

// Context is http.Server.ConnContext: it lets Handler find the connection.
func (c *Conns) Context(ctx context.Context, nc net.Conn) context.Context {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	return context.WithValue(ctx, connKey{}, nc)
}

// Handler marks a connection as served while next runs.
func (c *Conns) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k, ok := r.Context().Value(connKey{}).(*conn); ok {
			k.serve(+1)
			defer k.serve(-1)
		}
		next.ServeHTTP(w, r)
	})
}
