package alerting_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/rig"
)

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
	known, stranger := rig.NewAuthority(t), rig.NewAuthority(t)
	for name, c := range map[string]struct {
		bad  *tls.Certificate
		says string
	}{
		"expired":   {known.Sign("127.0.0.1", -time.Minute), "expired"},
		"wrong SAN": {known.Sign("127.0.0.2", time.Hour), "127.0.0.2"},
		"stranger":  {stranger.Sign("127.0.0.1", time.Hour), "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 10)
			var cert atomic.Pointer[tls.Certificate]
			cert.Store(c.bad)
			am := alertmanagerWith(t, &cert, got)
			ca := filepath.Join(t.TempDir(), "ca.pem")
			known.Trust(ca)
			m := start(t, alerting.Options{Config: toTLS(t, am, ca)})
			m.Set([]slo.Alert{firing("A", time.Now())})
			await(t, 30*time.Second, func() bool { return strings.Contains(m.Alertmanagers().Active[0].LastError, c.says) })
			if len(got) != 0 {
				t.Errorf("want nothing told, have %s", <-got)
			}
			cert.Store(known.Sign("127.0.0.1", time.Hour))
			equal(t, "A", within(t, got, 30*time.Second), "told once the certificate is right")
		})
	}
}

// TestFault22_AuthorityChanges: a new authority is believed once it is written, and the
// old one is not any more.
func TestFault22_AuthorityChanges(t *testing.T) {
	before, after := rig.NewAuthority(t), rig.NewAuthority(t)
	got := make(chan string, 10)
	var cert atomic.Pointer[tls.Certificate]
	cert.Store(before.Sign("127.0.0.1", time.Hour))
	am := alertmanagerWith(t, &cert, got)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	before.Trust(ca)
	m := start(t, alerting.Options{Config: toTLS(t, am, ca)})
	a := firing("A", time.Now())
	m.Set([]slo.Alert{a})
	equal(t, "A", within(t, got, 30*time.Second), "told under the first authority")

	after.Trust(ca)
	am.CloseClientConnections()
	b := firing("B", time.Now())
	m.Set([]slo.Alert{a, b})
	await(t, 30*time.Second, func() bool { return strings.Contains(m.Alertmanagers().Active[0].LastError, "unknown authority") })
	cert.Store(after.Sign("127.0.0.1", time.Hour))
	equal(t, "B", within(t, got, 30*time.Second), "told under the second")
}
