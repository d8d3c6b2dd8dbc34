package guard_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slowburn/slowburn/web/guard"
)

const secret = "0123456789abcdef"

func TestTokensThatCannotBe(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := []guard.Scope{guard.Write}
	for want, tokens := range map[string][]guard.Token{
		"name of its own":   {{Name: "a", Secret: secret, Scopes: write}, {Name: "a", Secret: secret, Scopes: write}},
		"no scope":          {{Name: "a", Secret: secret}},
		"unknown scope":     {{Name: "a", Secret: secret, Scopes: []guard.Scope{"root"}}},
		"shorter than 16":   {{Name: "a", Secret: "short", Scopes: write}},
		"than 16 bytes":     {{Name: "a", File: empty, Scopes: write}},
		"no such file":      {{Name: "a", File: empty + "x", Scopes: write}},
		"want a name of it": {{Secret: secret, Scopes: write}},
	} {
		_, err := guard.NewAuth(tokens, "", nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, have %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

// TestTokenFileRotates: the new secret counts at once and the old no more; an
// emptied or missing file lets nobody in, an empty token included.
func TestTokenFileRotates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	put := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(secret + "\n")
	var refused int
	auth, err := guard.NewAuth([]guard.Token{{Name: "ci", File: file, Scopes: []guard.Scope{guard.Gate}}}, "", func(int) { refused++ })
	if err != nil {
		t.Fatal(err)
	}
	var caller string
	h := auth.Require(guard.Gate, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { caller = guard.Caller(r.Context()) }))
	ask := func(token string) int {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if have := ask(secret); have != http.StatusOK || caller != "ci" {
		t.Errorf("want ci let in, have %d %q", have, caller)
	}
	put("fedcba9876543210")
	if old, fresh := ask(secret), ask("fedcba9876543210"); old != http.StatusUnauthorized || fresh != http.StatusOK {
		t.Errorf("rotated: want 401 and 200, have %d and %d", old, fresh)
	}
	put("")
	if have := ask(""); have != http.StatusUnauthorized {
		t.Errorf("emptied: have %d", have)
	}
	os.Remove(file)
	if have := ask(""); have != http.StatusUnauthorized {
		t.Errorf("removed: have %d", have)
	}
	if refused != 3 {
		t.Errorf("want 3 refusals told, have %d", refused)
	}
}

// TestScopesWithoutReadToken: with a write token only, reading stays open and
// nothing that changes state does.
func TestScopesWithoutReadToken(t *testing.T) {
	auth, err := guard.NewAuth([]guard.Token{{Name: "w", Secret: secret, Scopes: []guard.Scope{guard.Write}}}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	open, err := guard.NewAuth(nil, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for scope, want := range map[guard.Scope][4]int{ // without, with the token; no token configured: from this machine, from another
		guard.Open: {200, 200, 200, 200}, guard.Read: {200, 200, 200, 200}, guard.Write: {401, 200, 200, 403},
		guard.Gate: {401, 403, 200, 403}, guard.Admin: {401, 403, 200, 403},
	} {
		var have [4]int
		for i, a := range []*guard.Auth{auth, auth, open, open} {
			r := httptest.NewRequest(http.MethodPost, "/", nil) // from 192.0.2.1
			if i == 2 {
				r.RemoteAddr = "[::1]:1234"
			}
			if i == 1 {
				r.Header.Set("Authorization", "Bearer "+secret)
			}
			w := httptest.NewRecorder()
			a.Require(scope, ok).ServeHTTP(w, r)
			have[i] = w.Code
		}
		if have != want {
			t.Errorf("%s: want %v, have %v", scope, want, have)
		}
	}
}

// TestHolds: a handler may ask whether its caller could do more than the route asks.
func TestHolds(t *testing.T) {
	auth, err := guard.NewAuth([]guard.Token{
		{Name: "ci", Secret: secret, Scopes: []guard.Scope{guard.Gate}},
		{Name: "ops", Secret: secret + "x", Scopes: []guard.Scope{guard.Admin}},
	}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{secret: false, secret + "x": true} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		have := !want
		auth.Require(guard.Gate, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			have = guard.Holds(r.Context(), guard.Admin)
		})).ServeHTTP(httptest.NewRecorder(), r)
		if have != want {
			t.Errorf("%s: want admin %t, have %t", token, want, have)
		}
	}
	if guard.Holds(t.Context(), guard.Open) {
		t.Error("nobody holds a scope")
	}
}
