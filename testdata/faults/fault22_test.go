//go:build faults

package faults

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// halfWay is for how long certificate and key are those of two pairs while they are
// replaced.
const halfWay = 200 * time.Millisecond

// TestFault22_CertificateRotatesUnderLoad: the certificate is replaced again and again
// while samples and queries arrive on connections new and old. Every request succeeds:
// while only half of a pair is written, while an expired one is, and after each
// rotation, when new connections are shown the new one.
func TestFault22_CertificateRotatesUnderLoad(t *testing.T) {
	t.Parallel()
	authority := rig.NewAuthority(t)
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	s.WriteFile("web.yml", "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
	replace := func(c *tls.Certificate) {
		rig.WriteCert(t, s.Path("cert.pem"), c)
		time.Sleep(halfWay)
		rig.WriteKey(t, s.Path("key.pem"), c)
	}
	first := authority.Sign("127.0.0.1", time.Hour)
	replace(first)
	s.Secure(&tls.Config{RootCAs: authority.Pool()})
	s.Start("--web.config.file=web.yml")
	s.Ready(20 * time.Second)

	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var working sync.WaitGroup
	var asked, failed atomic.Int64
	load := func(work func() error) {
		working.Go(func() {
			for ctx.Err() == nil {
				if err := work(); err != nil && ctx.Err() == nil {
					failed.Add(1)
					t.Errorf("after %d requests: %v", asked.Load(), err)
					return
				}
				asked.Add(1)
			}
		})
	}
	kept := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}
	defer kept.CloseIdleConnections()
	for _, client := range []*http.Client{s.Client(10 * time.Second), s.Client(10 * time.Second), {Timeout: 10 * time.Second, Transport: kept}} {
		load(func() error { return answers(ctx, client, s.URL()+"/api/v1/query?query=up") })
	}
	feed := rig.NewFeed(t, s, 110*time.Second)
	feed.Patience = 0
	load(func() error { return feed.Scrape(10*time.Millisecond, 1, 0) })

	now := first
	rotations := times(4)
	for range rotations {
		now = authority.Sign("127.0.0.1", time.Hour)
		replace(now)
		proc.Until(t, 10*time.Second, "new connections are shown the new certificate", func() error {
			have, err := shown(authority, s.Addr)
			if err == nil && have.Cmp(now.Leaf.SerialNumber) != 0 {
				err = fmt.Errorf("want %s, have %s", now.Leaf.SerialNumber, have)
			}
			return err
		})
		replace(authority.Sign("127.0.0.1", -time.Minute))
		if have, err := shown(authority, s.Addr); err != nil || have.Cmp(now.Leaf.SerialNumber) != 0 {
			t.Errorf("an expired one is there: want %s, have %s, %v", now.Leaf.SerialNumber, have, err)
		}
		if failed.Load() > 0 {
			break
		}
	}
	leave()
	working.Wait()
	if have, err := s.Metric("slowburn_http_certificate_errors_total"); err != nil || have == 0 {
		t.Errorf("want the handshakes in between counted, have %g, %v", have, err)
	}
	for _, want := range []string{"private key does not match public key", "certificate has expired", "TLS files can be used again"} {
		if !strings.Contains(s.Log(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	fmt.Printf("%d rotations under %d requests, %d failed\n", rotations, asked.Load(), failed.Load())
}

// answers asks once, and is nil if the answer is 200.
func answers(ctx context.Context, client *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, resp.Status)
	}
	return nil
}

// shown is the serial number of the certificate that a new connection is shown.
func shown(authority *rig.Authority, addr string) (*big.Int, error) {
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: authority.Pool()})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber, nil
}

// TestFault22_ClientCertificateRotates: Alertmanager's certificate, and those whom it
// lets in, change to another authority while a page fires. slowburn reads its own files
// again, half-written for a moment, and tells the page's end as the new one wants it.
func TestFault22_ClientCertificateRotates(t *testing.T) {
	t.Parallel()
	before, after := rig.NewAuthority(t), rig.NewAuthority(t)
	var asks atomic.Pointer[tls.Config]
	by := func(a *rig.Authority) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{*a.Sign("127.0.0.1", time.Hour)}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	}
	asks.Store(by(before))
	recorder, reconnect := rig.NewSecureRecorder(t, asks.Load)
	s := rig.NewSlowburn(t, strings.Replace(rig.FeedConfig(recorder.Addr), "- static_configs:",
		"- scheme: https\n      tls_config: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem}\n      static_configs:", 1),
		map[string]string{"feed.yml": rig.FeedSLO})
	show := func(a *rig.Authority) {
		a.Trust(s.Path("ca.pem"))
		c := a.Sign("127.0.0.1", time.Hour)
		rig.WriteCert(t, s.Path("cert.pem"), c)
		time.Sleep(halfWay)
		rig.WriteKey(t, s.Path("key.pem"), c)
	}
	show(before)
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	heard(t, recorder, 1, 0)

	asks.Store(by(after))
	reconnect()
	heal(t, feed)
	proc.Until(t, 30*time.Second, "slowburn is not let in, and says so", func() error {
		return s.Shows(fmt.Sprintf("slowburn_alertmanager_up{alertmanager=%q}", "https://"+recorder.Addr+"/api/v2/alerts"), 0)
	})
	heard(t, recorder, 1, 0)
	show(after)
	took := proc.Until(t, 15*time.Second, "the end is told", func() error { return told(recorder, 1, 1) })
	fmt.Printf("told %.1f s after the files were there\n", took.Seconds())
}
