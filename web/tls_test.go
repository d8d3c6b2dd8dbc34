package web_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
	"github.com/slowburn/slowburn/web"
)

// secured is a handler that speaks TLS by the files of one folder.
type secured struct {
	*fixture
	t         *testing.T
	addr, dir string
	authority *rig.Authority
	log       *text
}

// secure serves with a certificate of its own; more is what else its web config says.
func secure(t *testing.T, more string, prepare func(*secured)) *secured {
	t.Helper()
	s := &secured{t: t, dir: t.TempDir(), authority: rig.NewAuthority(t), log: &text{}}
	s.show(s.authority.Sign("127.0.0.1", time.Hour))
	if prepare != nil {
		prepare(s)
	}
	file := s.file("web.yml")
	if err := os.WriteFile(file, []byte("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"+more), 0o600); err != nil {
		t.Fatal(err)
	}
	s.fixture = newFixture(t, func(o *web.Options) {
		o.WebConfigFile, o.Tokens = file, tokens(t)
		o.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	})
	s.addr = run(t, s.Handler)
	return s
}

func (s *secured) file(name string) string { return filepath.Join(s.dir, name) }

// show writes a certificate and its key where the server reads them.
func (s *secured) show(c *tls.Certificate) {
	s.t.Helper()
	rig.WriteCert(s.t, s.file("cert.pem"), c)
	rig.WriteKey(s.t, s.file("key.pem"), c)
}

// ask makes a request on a connection of its own; the error is that of TLS or HTTP.
func (s *secured) ask(c *tls.Config) (*http.Response, error) {
	if c.RootCAs == nil {
		c.RootCAs = s.authority.Pool()
	}
	tr := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	r, err := http.NewRequest(http.MethodPost, "https://"+s.addr+"/api/v1/write", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+writeSecret)
	resp, err := (&http.Client{Transport: tr}).Do(r)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

// shows fails the test unless a new connection is shown that certificate.
func (s *secured) shows(when string, want *tls.Certificate) {
	s.t.Helper()
	resp, err := s.ask(&tls.Config{})
	if err != nil {
		s.t.Errorf("%s: %v", when, err)
		return
	}
	if have := resp.TLS.PeerCertificates[0].SerialNumber; have.Cmp(want.Leaf.SerialNumber) != 0 {
		s.t.Errorf("%s: want certificate %s, have %s", when, want.Leaf.SerialNumber, have)
	}
}

// TestFault22_CertificateRotates without a restart. What cannot be used changes nothing,
// and is told once: half of a new pair, one that has expired, files that are gone.
func TestFault22_CertificateRotates(t *testing.T) {
	s := secure(t, "", nil)
	if resp, err := s.ask(&tls.Config{}); err != nil || resp.StatusCode != http.StatusNoContent || resp.Proto != "HTTP/2.0" {
		t.Errorf("want 204 over HTTP/2, have %v, %v", resp, err)
	}
	if _, err := s.ask(&tls.Config{MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("want TLS 1.1 refused")
	}
	second := s.authority.Sign("127.0.0.1", time.Hour)
	s.show(second)
	s.shows("rotated", second)

	third := s.authority.Sign("127.0.0.1", time.Hour)
	rig.WriteCert(t, s.file("cert.pem"), third)
	for range 3 {
		s.shows("only its certificate is written yet", second)
	}
	if have := strings.Count(s.log.String(), "private key does not match"); have != 1 {
		t.Errorf("want the mismatch told once, have %d:\n%s", have, s.log)
	}
	if have := s.set.GetOrCreateCounter("slowburn_http_certificate_errors_total").Get(); have != 3 {
		t.Errorf("want 3 handshakes counted, have %d", have)
	}
	rig.WriteKey(t, s.file("key.pem"), third)
	s.shows("and its key", third)

	s.show(s.authority.Sign("127.0.0.1", -time.Minute))
	s.shows("an expired one is written", third)
	if !strings.Contains(s.log.String(), "expired") {
		t.Errorf("want it told that it has expired:\n%s", s.log)
	}
	for _, name := range []string{"cert.pem", "key.pem", "web.yml"} {
		if err := os.Rename(s.file(name), s.file(name+".gone")); err != nil {
			t.Fatal(err)
		}
	}
	s.shows("all files are gone", third)

	// A client that never begins its handshake is one of the idle ones.
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
}

// TestFault22_NothingBetterThanExpired: what has run out is still shown where there is
// nothing better: who does not look at the date is served.
func TestFault22_NothingBetterThanExpired(t *testing.T) {
	var expired *tls.Certificate
	s := secure(t, "", func(s *secured) {
		expired = s.authority.Sign("127.0.0.1", -time.Minute)
		s.show(expired)
	})
	careless := &tls.Config{InsecureSkipVerify: true}
	if resp, err := s.ask(careless); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("want it served, have %v, %v", resp, err)
	}
	if _, err := s.ask(&tls.Config{}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("want the client to see it, have %v", err)
	}
	good := s.authority.Sign("127.0.0.1", time.Hour)
	s.show(good)
	s.shows("renewed", good)
}

// TestFault22_ResumedUnderAnotherAuthority: who is let in by a certificate comes back by
// the session it was given, until its authority is not believed any more (CVE-2025-68121).
func TestFault22_ResumedUnderAnotherAuthority(t *testing.T) {
	before, after := rig.NewAuthority(t), rig.NewAuthority(t)
	s := secure(t, "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n", func(s *secured) {
		before.Trust(s.file("clients.pem"))
	})
	client := func(a *rig.Authority) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{*a.Sign("127.0.0.1", time.Hour)}, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	}
	old := client(before)
	for again := range 2 {
		resp, err := s.ask(old)
		if err != nil {
			t.Fatalf("want it let in, have %v", err)
		}
		if resp.TLS.DidResume != (again == 1) {
			t.Errorf("connection %d: resumed: %v", again+1, resp.TLS.DidResume)
		}
	}
	after.Trust(s.file("clients.pem"))
	if resp, err := s.ask(old); err == nil {
		t.Errorf("want it refused under the new authority, have %s, resumed: %v", resp.Status, resp.TLS.DidResume)
	}
	if _, err := s.ask(client(after)); err != nil {
		t.Errorf("want who the new authority signed let in, have %v", err)
	}
}

// text is a log that any goroutine may write.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *text) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *text) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
