package guard

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Scope is what a route lets one do, and what a credential is good for.
type Scope string

// The scopes. Admin contains all others. Open routes ask for no token.
const (
	Open  Scope = "open"
	Read  Scope = "read"
	Write Scope = "write"
	Gate  Scope = "gate"
	Admin Scope = "admin"
)

// Scopes are those a token may have.
var Scopes = []Scope{Read, Write, Gate, Admin}

// Token is a named bearer token.
type Token struct {
	// Name stands in logs and in the audit, never the secret.
	Name string
	// File holds the secret, surrounding white space ignored. It is read for
	// every request, so that a rotated secret counts at once. Secret is used
	// instead when File is empty.
	File, Secret string
	Scopes       []Scope
}

// minSecret is the shortest secret that is accepted, bytes: 128 bits as hex is
// 32, as base64 22; anything under 16 is a password.
const minSecret = 16

// Auth decides whether a request may use a scope. The rules:
//
//   - With no token and no basic auth, reading is open, and writing, gate and admin
//     are open to this machine and to clients with a verified certificate alone: a
//     slowburn that listens to the network is closed to it until somebody decides.
//   - Otherwise write, gate and admin need a token of that scope or a user of the
//     web config file's basic auth, who may do everything.
//   - Reading needs a credential if there is basic auth, as in Prometheus, or if
//     some token has the read scope.
//
// Whoever is refused learns nothing but that: 401 if nothing valid was shown,
// 403 if the token is good for something else.
type Auth struct {
	tokens []Token
	// guardsRead says that some token has the read scope.
	guardsRead bool
	users      basicUsers
	// rejected is told every refusal.
	rejected func(status int)
	// Stale is told each TLS handshake for which the files could not be used, and that
	// went on with what they held before; may be nil.
	Stale func()
}

// NewAuth checks that every token is named, readable and long enough.
// webConfigFile is exporter-toolkit's, or empty. rejected may be nil.
func NewAuth(tokens []Token, webConfigFile string, rejected func(status int)) (*Auth, error) {
	a := &Auth{tokens: slices.Clone(tokens), users: basicUsers(webConfigFile), rejected: rejected}
	if rejected == nil {
		a.rejected = func(int) {}
	}
	seen := map[string]bool{}
	for i := range a.tokens {
		t := &a.tokens[i]
		if t.Name == "" || seen[t.Name] {
			return nil, fmt.Errorf("token %d: want a name of its own, have %q", i+1, t.Name)
		}
		seen[t.Name] = true
		if err := t.validate(); err != nil {
			return nil, fmt.Errorf("token %q: %w", t.Name, err)
		}
		a.guardsRead = a.guardsRead || slices.Contains(t.Scopes, Read)
	}
	if _, err := a.users.load(); err != nil {
		return nil, err
	}
	return a, nil
}

func (t *Token) validate() error {
	if len(t.Scopes) == 0 {
		return errors.New("has no scope")
	}
	for _, s := range t.Scopes {
		if !slices.Contains(Scopes, s) {
			return fmt.Errorf("unknown scope %q, want read, write, gate or admin", s)
		}
	}
	secret, err := t.secret()
	switch {
	case err != nil:
		return err
	case len(secret) < minSecret:
		return fmt.Errorf("secret is shorter than %d bytes", minSecret)
	}
	return nil
}

func (t *Token) secret() (string, error) {
	if t.File == "" {
		return t.Secret, nil
	}
	b, err := os.ReadFile(t.File)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func (t *Token) allows(s Scope) bool {
	return s == Open || slices.Contains(t.Scopes, s) || slices.Contains(t.Scopes, Admin)
}

// Require lets requests through to next that may use scope.
func (a *Auth) Require(scope Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, status := a.decide(scope, r)
		switch status {
		case http.StatusOK:
			c := caller{name, func(s Scope) bool {
				_, status := a.decide(s, r)
				return status == http.StatusOK
			}}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		case http.StatusUnauthorized:
			a.rejected(status)
			w.Header().Set("WWW-Authenticate", "Bearer")
			Reject(w, status, "unauthorized", "unauthorized")
		case closedToNetwork:
			a.rejected(http.StatusForbidden)
			Reject(w, http.StatusForbidden, "forbidden", "closed to other machines until --web.token or --web.config.file says who may")
		default:
			a.rejected(status)
			Reject(w, status, "forbidden", "forbidden")
		}
	})
}

// decide returns the caller's name, if known, and 200, 401 or 403.
func (a *Auth) decide(scope Scope, r *http.Request) (name string, status int) {
	if secret, ok := bearer(r); ok {
		t := a.match(secret)
		switch {
		case t == nil:
			return "", http.StatusUnauthorized
		case t.allows(scope):
			return t.Name, http.StatusOK
		case scope == Read && !a.guardsRead && !a.users.any():
			return t.Name, http.StatusOK
		}
		return t.Name, http.StatusForbidden
	}
	user, guarded := a.users.user(r)
	switch {
	case user != "":
		return user, http.StatusOK
	case guarded:
		return "", http.StatusUnauthorized
	case scope == Open, scope == Read && !a.guardsRead:
		return "", http.StatusOK
	case len(a.tokens) > 0:
		return "", http.StatusUnauthorized
	case near(r):
		return "", http.StatusOK
	}
	return "", closedToNetwork
}

// closedToNetwork is decide's answer where only nobody's having said who may write
// keeps a request out: a 403 that says how to say it.
const closedToNetwork = -1

// near says whether a request comes from this machine, or from a client whose
// certificate was verified.
func near(r *http.Request) bool {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return true
	}
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// match compares the secret with every token's, in a time that depends neither
// on which one matches nor on how many bytes agree.
func (a *Auth) match(secret string) *Token {
	have := sha256.Sum256([]byte(secret))
	var found *Token
	for i := range a.tokens {
		s, err := a.tokens[i].secret()
		want := sha256.Sum256([]byte(s))
		// A file emptied or removed while we run must match nothing.
		if subtle.ConstantTimeCompare(have[:], want[:]) == 1 && err == nil && len(s) >= minSecret {
			found = &a.tokens[i]
		}
	}
	return found
}

func bearer(r *http.Request) (secret string, ok bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

type callerKey struct{}

// caller is whom Auth let through.
type caller struct {
	name  string
	holds func(Scope) bool
}

// Caller is the name of the token or the user that Auth let through; empty when
// none was needed. It is what an audit records.
func Caller(ctx context.Context) string {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c.name
}

// Holds says whether whom Auth let through could use another scope too.
func Holds(ctx context.Context, scope Scope) bool {
	c, ok := ctx.Value(callerKey{}).(caller)
	return ok && c.holds(scope)
}
