//go:build faults

package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// A secret of the test below holds this word, whatever field it is for.
const canary = "c4n4ry"

// whispering is an alerting block with a secret in every field that takes one. Whom it
// names nobody answers at, but for the Alertmanagers added to it.
const whispering = `slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - {severity: page, pairs: [{long: 1m, short: 30s, factor: 14.4}]}
alerting:
  webhook: {url: "http://me:c4n4ry@127.0.0.1:1/c4n4ry", after: 1s}
  heartbeat: {url: "http://me:c4n4ry@127.0.0.1:1/c4n4ry", every: 1s}
  alertmanagers:
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      basic_auth: {username: me, password: c4n4ry}
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      basic_auth: {username: me, password_file: password}
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      authorization: {credentials: c4n4ry}
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      oauth2: {client_id: me, client_secret: c4n4ry, token_url: "http://127.0.0.1:1/token"}
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      http_headers: {X-Key: {secrets: [c4n4ry]}}
    - static_configs: [{targets: ["127.0.0.1:1"]}]
      proxy_url: "http://me:c4n4ry@127.0.0.1:1"
      proxy_connect_header: {X-Key: [c4n4ry]}
    - http_sd_configs: [{url: "http://me:c4n4ry@127.0.0.1:1/", refresh_interval: 1s, authorization: {credentials: c4n4ry}}]
`

// TestFault25_NoSecretIsShown: secrets stand in every field of the configuration, in
// tokens and passwords, and everything fails that has one. Every route is asked, with
// credentials right and wrong; broken configurations are loaded; at last the process is
// made to print all its stacks. No answer and no line of the log has a secret.
func TestFault25_NoSecretIsShown(t *testing.T) {
	t.Parallel()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, whispering, map[string]string{"feed.yml": rig.FeedSLO})
	const token = canary + "-token-0123456789"
	s.WriteFile("token", token)
	s.WriteFile("password", canary)
	hash, err := bcrypt.GenerateFromPassword([]byte(canary), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s.WriteFile("web.yml", fmt.Sprintf("basic_auth_users: {me: %q}\n", hash))
	s.As(token)
	s.Start("--web.token=all=admin:token", "--web.config.file=web.yml", "--web.enable-lifecycle", "--log.level=debug")
	s.Ready(20 * time.Second)
	quiet := func(what, text string) {
		t.Helper()
		for _, secret := range []string{canary, string(hash)} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s shows a secret: %s", what, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}

	feed := rig.NewFeed(t, s, 110*time.Second)
	burn(t, feed)
	proc.Until(t, 20*time.Second, "the alert fires", func() error { return s.Fires(t, 1) })
	logs := func(what string) {
		t.Helper()
		proc.Until(t, 30*time.Second, "the log tells: "+what, func() error {
			if !strings.Contains(s.Log(), what) {
				return fmt.Errorf("not yet")
			}
			return nil
		})
	}
	logs("second path does not take pages")
	logs("alertmanager does not take alerts")
	s.WriteConfig(whispering + fmt.Sprintf("    - static_configs: [{targets: [%q]}]\n", recorder.Addr))
	s.Reload()
	heard(t, recorder, 1, 0)
	logs("msg=heartbeat")

	asked := 0
	for _, route := range routes(t) {
		for name, authorize := range map[string]func(*http.Request){
			"the token":       func(*http.Request) {},
			"a wrong token":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+canary+"-wrong") },
			"the password":    func(r *http.Request) { r.SetBasicAuth("me", canary) },
			"a wrong one":     func(r *http.Request) { r.SetBasicAuth("me", canary+"-wrong") },
			"an unknown user": func(r *http.Request) { r.SetBasicAuth(canary, canary) },
		} {
			req, err := http.NewRequest(route.method, s.URL()+route.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			authorize(req)
			status, body := exchange(t, s, req)
			if right := name == "the token" || name == "the password"; right == (status == http.StatusUnauthorized) {
				t.Errorf("%s %s with %s: have %d", route.method, route.path, name, status)
			}
			quiet(fmt.Sprintf("%s %s with %s", route.method, route.path, name), body)
			asked++
		}
	}
	for _, broken := range []string{
		strings.Replace(whispering, "password:", "pasword:", 1),
		strings.Replace(whispering, "client_secret: c4n4ry", "client_secret: [c4n4ry]", 1),
		strings.Replace(whispering, "alerting:", "alertin:", 1),
		strings.Replace(whispering, `127.0.0.1:1/c4n4ry"`, `127.0.0.1:1/c4n4ry`, 1),
		strings.Replace(whispering, "http://me:c4n4ry@127.0.0.1:1/c4n4ry", "ftp://me:c4n4ry@127.0.0.1:1/c4n4ry", 1),
		strings.Replace(whispering, "{url: \"http://me:c4n4ry@127.0.0.1:1/\"", "{url: \"me:c4n4ry@\"", 1),
	} {
		s.WriteConfig(broken)
		req, err := http.NewRequest(http.MethodPost, s.URL()+"/-/reload", nil)
		if err != nil {
			t.Fatal(err)
		}
		status, body := exchange(t, s, req)
		if status != http.StatusInternalServerError {
			t.Errorf("want it refused, have %d for\n%s", status, broken)
		}
		quiet("a refused configuration", body)
		for _, path := range []string{"/api/slo/v1/objectives", "/api/slo/v1/status", "/api/v1/status/config"} {
			req, err := http.NewRequest(http.MethodGet, s.URL()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, body := exchange(t, s, req)
			quiet(path+" after a refused configuration", body)
		}
	}
	s.Abort()
	if !strings.Contains(s.Log(), "goroutine ") {
		t.Error("want the stacks printed")
	}
	quiet("the log", s.Log())
	fmt.Printf("%d requests, %d bytes of log: no secret\n", asked, len(s.Log()))
}

type route struct{ method, path string }

// routes are those that docs/reference/http.md lists, which a test of cmd/slowburn
// compares with the program's; without the demo's.
func routes(t *testing.T) (all []route) {
	t.Helper()
	text, err := os.ReadFile("../../docs/reference/http.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(/[^`]*)` \\| ([A-Z, ]+) \\|").FindAllStringSubmatch(string(text), -1) {
		path := strings.NewReplacer("{name}", "job", "{file}", "none.js").Replace(row[1])
		if strings.HasPrefix(path, "/api/slo/v1/demo") {
			continue
		}
		for method := range strings.SplitSeq(row[2], ", ") {
			all = append(all, route{method, path})
		}
	}
	if len(all) < 40 {
		t.Fatalf("want all routes, have %v", all)
	}
	return all
}

// exchange makes one request, and returns all that is answered, head and body.
func exchange(t *testing.T, s *rig.Slowburn, req *http.Request) (status int, text string) {
	t.Helper()
	resp, err := s.Client(10 * time.Second).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, fmt.Sprint(resp.Header, string(body))
}
