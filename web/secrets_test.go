package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slowburn/slowburn/web"
)

// TestFault25_NoEndpointShowsASecret asks every route, with each kind of answer,
// while every port that has a secret behind it holds one, and reads the log too.
func TestFault25_NoEndpointShowsASecret(t *testing.T) {
	var log bytes.Buffer
	file := webConfig(t, "basic_auth_users:\n  c4n4ry-user: $2a$04$c4n4ryhashc4n4ryhashc4n4ryhashc4n4ryhashc4n4ryhashcana\n")
	f := newFixture(t, func(o *web.Options) {
		o.Tokens = tokens(t)
		everything(t, o)
		o.WebConfigFile = file
		o.Reload = func(context.Context) error { return errors.New("slowburn.yml:1:1: broken") }
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	for _, route := range f.Routes() {
		path := concrete(route)
		for _, method := range route.Methods {
			for _, secret := range []string{adminSecret, writeSecret, "c4n4ry-wrong"} {
				_, body := f.ask(t, method, path, nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) })
				if strings.Contains(body, "c4n4ry") {
					t.Errorf("%s %s: %s", method, path, body)
				}
			}
		}
	}
	if strings.Contains(log.String(), "c4n4ry") {
		t.Errorf("log: %s", &log)
	}
}

// TestFault24_NothingFetchesAURL: no code of the web side is an HTTP client, so
// no request can make it one.
func TestFault24_NothingFetchesAURL(t *testing.T) {
	client := regexp.MustCompile(`http\.(Get|Post|PostForm|Head|DefaultClient|Client\b|NewRequest|Transport)|net\.Dial|os\.(Open|Create)\b`)
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if m := client.Find(b); m != nil {
			t.Errorf("%s: %s", path, m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
