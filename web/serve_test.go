package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/slowburn/slowburn/web"
)

// run serves h until the test ends and returns its address.
func run(t *testing.T, h *web.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return l.Addr().String()
}

// pipes is a listener on a network in memory, which works inside a synctest bubble.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.accept <- server
	return client, nil
}

// TestFault19_DribblingConnections: 2,000 connections that send a byte now and then do
// not keep out one that asks for health. It is answered before the clock has moved at
// all: room is made for it at once, no time-out of theirs has to pass.
func TestFault19_DribblingConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		network := newPipes()
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx, network) }()
		begin := time.Now()
		var conns []net.Conn
		for i := range 2000 {
			c, err := network.dial(ctx, "", "")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
			// Some in their headers, some in a body, some silent.
			switch i % 3 {
			case 0:
				go fmt.Fprintf(c, "GET /-/healthy HTTP/1.1\r\nX-")
			case 1:
				go fmt.Fprintf(c, "POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
			}
		}
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: network.dial}}
		for range 5 {
			resp, err := client.Get("http://slowburn/-/healthy")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("have %s", resp.Status)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("want health at once, had to wait for a time-out: %s", took)
		}
		if have := f.set.GetOrCreateCounter(`slowburn_http_connections_closed_total{reason="idle"}`).Get(); have < 1400 {
			t.Errorf("want about 1,488 connections given up, have %d", have)
		}
		for _, c := range conns {
			c.Close()
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestFault19_HugeHeaderIsRefused beyond 64 KiB.
func TestFault19_HugeHeaderIsRefused(t *testing.T) {
	addr := run(t, newFixture(t, nil).Handler)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Big: %s\r\n\r\n", strings.Repeat("a", 100<<10))
	line, _ := bufio.NewReader(c).ReadString('\n')
	if !strings.Contains(line, "431") {
		t.Errorf("want 431, have %q", line)
	}
}

// TestFault21_BasicAuthBesideTokens: the web config file's users may do all,
// tokens what their scopes say, and nobody else anything.
func TestFault21_BasicAuthBesideTokens(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("c4n4ry-password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := webConfig(t, fmt.Sprintf("basic_auth_users:\n  alice: %s\n", hash))
	f := newFixture(t, func(o *web.Options) {
		o.WebConfigFile, o.Tokens, o.EnableLifecycle = file, tokens(t), true
		o.Reload = func(context.Context) error { return nil }
	})
	addr := run(t, f.Handler)
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	bearer := func(secret string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
	}
	for _, c := range []struct {
		name, method, path string
		auth               func(*http.Request)
		want               int
	}{
		{"nobody reads", "GET", "/api/v1/alerts", func(*http.Request) {}, 401},
		{"nobody writes", "POST", "/api/v1/write", func(*http.Request) {}, 401},
		{"alice reads", "GET", "/api/v1/alerts", basic("alice", "c4n4ry-password"), 200},
		{"alice writes", "POST", "/api/v1/write", basic("alice", "c4n4ry-password"), 204},
		{"alice reloads", "POST", "/-/reload", basic("alice", "c4n4ry-password"), 200},
		{"wrong password", "POST", "/-/reload", basic("alice", "wrong"), 401},
		{"unknown user", "POST", "/-/reload", basic("bob", "c4n4ry-password"), 401},
		{"write token writes", "POST", "/api/v1/write", bearer(writeSecret), 204},
		{"write token reads", "GET", "/api/v1/alerts", bearer(writeSecret), 403},
		{"read token reads", "GET", "/api/v1/alerts", bearer(readSecret), 200},
		{"wrong token", "GET", "/-/healthy", bearer("wrong"), 401},
		{"admin token reloads", "POST", "/-/reload", bearer(adminSecret), 200},
	} {
		r, err := http.NewRequest(c.method, "http://"+addr+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.auth(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.want || strings.Contains(string(body), "c4n4ry") {
			t.Errorf("%s: want %d, have %d %s", c.name, c.want, resp.StatusCode, body)
		}
	}
	// Asked directly, past the toolkit that checks passwords, a name is nobody.
	if status, _ := f.ask(t, http.MethodPost, "/-/reload", nil, basic("alice", "c4n4ry-password")); status != http.StatusUnauthorized {
		t.Errorf("unchecked password: have %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestBrokenWebConfigEndsRun(t *testing.T) {
	file := webConfig(t, "tls_server_config:\n  cert_file: missing.pem\n  key_file: missing.pem\n")
	f := newFixture(t, func(o *web.Options) { o.WebConfigFile = file })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(context.Background(), l); err == nil || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("want an error that names the file, have %v", err)
	}
}

// TestRunFinishesRequests lets a request that was being served end.
func TestRunFinishesRequests(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	f := newFixture(t, func(o *web.Options) {
		o.Write = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(begun)
			<-end
			w.WriteHeader(http.StatusNoContent)
		})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, l) }()
	status := make(chan int, 1)
	go func() {
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		resp, err := (&http.Client{Transport: tr}).Post("http://"+l.Addr().String()+"/api/v1/write", "", nil)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-begun
	cancel()
	close(end)
	if have := <-status; have != http.StatusNoContent {
		t.Errorf("want 204, have %d", have)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func webConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
