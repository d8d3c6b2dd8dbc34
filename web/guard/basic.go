package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/goccy/go-yaml"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// basicUsers is the path of exporter-toolkit's web config file. The toolkit
// checks passwords; we only need to know whether it has anything to check, since
// a file without users lets every request through.
type basicUsers string

func (file basicUsers) load() (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(string(file))
	if err != nil {
		return nil, fmt.Errorf("read web config: %w", err)
	}
	var c struct {
		Users map[string]string `yaml:"basic_auth_users"`
	}
	if err := yaml.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("parse web config %s: %w", file, err)
	}
	return c.Users, nil
}

// any says whether there are users. A file that became unreadable guards: the
// toolkit answers 500 then.
func (file basicUsers) any() bool {
	users, err := file.load()
	return err != nil || len(users) > 0
}

// user is the name of the user whose password the toolkit has checked. guarded
// says that there are users, so that a request without a name is nobody.
func (file basicUsers) user(r *http.Request) (name string, guarded bool) {
	users, err := file.load()
	if err != nil {
		return "", true
	}
	if checked, _ := r.Context().Value(checkedKey{}).(bool); checked {
		if u, _, ok := r.BasicAuth(); ok && users[u] != "" {
			return u, true
		}
	}
	return "", len(users) > 0
}

type checkedKey struct{}

// errPrepared ends the toolkit's Serve before it accepts a connection.
var errPrepared = errors.New("server prepared")

// prepareOnly is a listener that has an address and no connections.
type prepareOnly struct{ net.Listener }

func (prepareOnly) Accept() (net.Conn, error) { return nil, errPrepared }
func (prepareOnly) Close() error              { return nil }

// Serve serves srv on l with TLS and basic auth as the web config file says,
// until srv is shut down.
//
// The toolkit offers its basic auth only inside its own Serve, where it wraps the
// whole server and would refuse a bearer token before we saw it. So its Serve is
// run once on a listener that yields no connection: it leaves the server with its
// handler and TLS settings, and requests that carry a bearer token are then led
// past that handler to ours, where Auth decides. All others pass the toolkit's.
func (a *Auth) Serve(l net.Listener, srv *http.Server, logger *slog.Logger) error {
	own := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), checkedKey{}, true)))
	})
	file := string(a.users)
	flags := &toolkit.FlagConfig{WebConfigFile: &file}
	if err := toolkit.Serve(prepareOnly{l}, srv, flags, logger); !errors.Is(err, errPrepared) {
		return fmt.Errorf("apply web config %s: %w", file, err)
	}
	basic := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := bearer(r); ok {
			own.ServeHTTP(w, r)
			return
		}
		basic.ServeHTTP(w, r)
	})
	if speaksTLS(srv) {
		if err := a.keepCertificate(srv.TLSConfig, logger); err != nil {
			return fmt.Errorf("apply web config %s: %w", file, err)
		}
		return srv.ServeTLS(l, "", "")
	}
	return srv.Serve(l)
}

// speaksTLS says whether the toolkit gave the server a certificate. A TLSConfig
// alone says nothing: net/http makes an empty one for HTTP/2.
func speaksTLS(srv *http.Server) bool {
	c := srv.TLSConfig
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}
