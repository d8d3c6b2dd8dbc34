package proxy

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Behaviour is how a proxy treats connections. The zero value relays them.
type Behaviour struct {
	// Refuse resets every connection at once.
	Refuse bool
	// Swallow accepts what the client says and never answers.
	Swallow bool
	// Status answers every HTTP request with this code, e.g. 500.
	Status int
	// CutAfter resets the connection once so many bytes came from the client.
	CutAfter int
	// BytesPerSecond is the pace in either direction; 0 is unlimited.
	BytesPerSecond int
	// Delay is waited before a connection is served.
	Delay time.Duration
}

// Proxy relays TCP connections to one target.
type Proxy struct {
	listener net.Listener
	target   string

	mu        sync.Mutex
	behaviour Behaviour
	open      map[net.Conn]bool
	accepted  int
	closed    bool
	served    sync.WaitGroup
}

// New starts a proxy to target (host:port) that relays until Set says otherwise
// and ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for the proxy to %s: %v", target, err)
	}
	p := &Proxy{listener: l, target: target, open: map[net.Conn]bool{}}
	p.served.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is where the proxy listens, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Accepted is how many connections were made so far.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// Set changes the behaviour and cuts all open connections.
func (p *Proxy) Set(b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behaviour = b
	p.cut()
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.cut()
	p.mu.Unlock()
	p.served.Wait()
}

// cut resets all open connections; mu is held.
func (p *Proxy) cut() {
	for c := range p.open {
		reset(c)
	}
	clear(p.open)
}

// track remembers a connection so that Set can cut it; false if it is too late.
func (p *Proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.open[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	c.Close()
}

// reset ends a connection with RST rather than FIN.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
