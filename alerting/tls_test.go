package alerting_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert.Subject.CommonName = "authority"
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// trust writes the authority where a client reads whom it trusts.
func (a *authority) trust(file string) {
	a.t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// sign makes a server's certificate for an address that ends so long from now.
func (a *authority) sign(ip string, ends time.Duration) *tls.Certificate {
	a.t.Helper()
	key := newKey(a.t)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(ends),
		IPAddresses: []net.IP{net.ParseIP(ip)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// alertmanagerWith is one that shows the certificate of the moment.
func alertmanagerWith(t *testing.T, cert *atomic.Pointer[tls.Certificate], got chan<- string) *httptest.Server {
	t.Helper()
	am := httptest.NewUnstartedServer(receiver.New(func(n receiver.Notification) { got <- string(n.Alert.Labels["alertname"]) }))
	am.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*cert.Load()}}, nil
	}}
	am.Config.ErrorLog = log.New(io.Discard, "", 0)
	am.StartTLS()
	t.Cleanup(am.Close)
	return am
}

// toTLS is a configuration that sends to am and trusts whom the file names.
func toTLS(t *testing.T, am *httptest.Server, ca string) alerting.Config {
	t.Helper()
	return read(t, `
alertmanagers:
- scheme: https
  static_configs: [{targets: ["`+am.Listener.Addr().String()+`"]}]
  tls_config: {ca_file: "`+ca+`"}
`)
}

// TestFault22_CertificateOfAlertmanager: while its certificate has expired, is another's
// or was signed by a stranger, nothing is sent and the reason is shown. Once it is right
// the page arrives, without a restart.
func TestFault22_CertificateOfAlertmanager(t *testing.T) {
	known, stranger := newAuthority(t), newAuthority(t)
	for name, c := range map[string]struct {
		bad  *tls.Certificate
		says string
	}{
		"expired":   {known.sign("127.0.0.1", -time.Minute), "expired"},
		"wrong SAN": {known.sign("127.0.0.2", time.Hour), "127.0.0.2"},
		"stranger":  {stranger.sign("127.0.0.1", time.Hour), "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 10)
			var cert atomic.Pointer[tls.Certificate]
			cert.Store(c.bad)
			am := alertmanagerWith(t, &cert, got)
			ca := filepath.Join(t.TempDir(), "ca.pem")
			known.trust(ca)
			m := start(t, alerting.Options{Config: toTLS(t, am, ca)})
			m.Set([]slo.Alert{firing("A", time.Now())})
			await(t, 30*time.Second, func() bool { return strings.Contains(m.Alertmanagers().Active[0].LastError, c.says) })
			if len(got) != 0 {
				t.Errorf("want nothing told, have %s", <-got)
			}
			cert.Store(known.sign("127.0.0.1", time.Hour))
			equal(t, "A", within(t, got, 30*time.Second), "told once the certificate is right")
		})
	}
}

// TestFault22_AuthorityChanges: a new authority is believed once it is written, and the
// old one is not any more.
func TestFault22_AuthorityChanges(t *testing.T) {
	before, after := newAuthority(t), newAuthority(t)
	got := make(chan string, 10)
	var cert atomic.Pointer[tls.Certificate]
	cert.Store(before.sign("127.0.0.1", time.Hour))
	am := alertmanagerWith(t, &cert, got)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	before.trust(ca)
	m := start(t, alerting.Options{Config: toTLS(t, am, ca)})
	a := firing("A", time.Now())
	m.Set([]slo.Alert{a})
	equal(t, "A", within(t, got, 30*time.Second), "told under the first authority")

	after.trust(ca)
	am.CloseClientConnections()
	b := firing("B", time.Now())
	m.Set([]slo.Alert{a, b})
	await(t, 30*time.Second, func() bool { return strings.Contains(m.Alertmanagers().Active[0].LastError, "unknown authority") })
	cert.Store(after.sign("127.0.0.1", time.Hour))
	equal(t, "B", within(t, got, 30*time.Second), "told under the second")
}
