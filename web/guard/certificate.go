package guard

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// lastGood gives each handshake the TLS settings of the moment, and the last that could
// be used while those cannot be.
//
// The toolkit reads web config file, certificate, key and authorities anew for every
// handshake, so that none of them needs a restart to be changed. But certificate and key
// are two files, and between the writing of the one and the other it would end every
// handshake.
type lastGood struct {
	read   func(*tls.ClientHelloInfo) (*tls.Config, error)
	stale  func() // is told each handshake that was given what was before
	logger *slog.Logger

	mu     sync.Mutex
	config *tls.Config
	said   string // why the files cannot be used, as it was logged; empty if they can
}

// keepCertificate makes the server go on with the settings it has while its files cannot
// be used. read is the toolkit's.
func (a *Auth) keepCertificate(config *tls.Config, logger *slog.Logger) error {
	g := &lastGood{read: config.GetConfigForClient, stale: a.Stale, logger: logger}
	first, err := g.complete(&tls.ClientHelloInfo{})
	if err != nil {
		return err
	}
	g.config = first
	config.GetConfigForClient = g.settings
	return nil
}

func (g *lastGood) settings(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c, err := g.complete(hello)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		err = noWorse(c, g.config, time.Now())
	}
	if err != nil {
		if g.stale != nil {
			g.stale()
		}
		if g.said != err.Error() {
			g.said = err.Error()
			g.logger.Error("TLS files cannot be used, those before are", "err", err)
		}
		return g.config, nil
	}
	if g.said != "" {
		g.said = ""
		g.logger.Info("TLS files can be used again")
	}
	g.config = c
	return c, nil
}

// complete reads the settings with their certificate, which the toolkit's would read only
// when it is needed.
func (g *lastGood) complete(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c, err := g.read(hello)
	if err != nil {
		return nil, err
	}
	cert, err := c.GetCertificate(hello)
	if err != nil {
		return nil, err
	}
	c.Certificates, c.GetCertificate = []tls.Certificate{*cert}, nil
	return c, nil
}

// noWorse refuses a certificate that is out of its time for one that is not.
func noWorse(have, before *tls.Config, now time.Time) error {
	h, b := have.Certificates[0].Leaf, before.Certificates[0].Leaf
	switch {
	case h == nil || b == nil || inTime(h, now) || !inTime(b, now):
		return nil
	case now.Before(h.NotBefore):
		return fmt.Errorf("certificate is not valid before %s", h.NotBefore.Format(time.RFC3339))
	}
	return fmt.Errorf("certificate has expired at %s", h.NotAfter.Format(time.RFC3339))
}

func inTime(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}
