package proc

import (
	"net"
	"sync"
	"testing"
)

var handedOut struct {
	sync.Mutex
	ports map[string]bool
}

// FreeAddress is a loopback address that nothing listens on and that no other
// test of this process was given: for programs that cannot be told to choose one
// and say which.
func FreeAddress(t testing.TB) string {
	t.Helper()
	handedOut.Lock()
	defer handedOut.Unlock()
	if handedOut.ports == nil {
		handedOut.ports = map[string]bool{}
	}
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("find a free port: %v", err)
		}
		addr := l.Addr().String()
		l.Close()
		if !handedOut.ports[addr] {
			handedOut.ports[addr] = true
			return addr
		}
	}
	t.Fatal("find a free port: the system offers the same ones again and again")
	return ""
}
