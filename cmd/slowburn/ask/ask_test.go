package ask_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/cmd/slowburn/ask"
)

// server answers every question with one body, and keeps the question.
type server struct {
	*httptest.Server
	method, path, auth, body string
	query                    url.Values
}

func answering(t *testing.T, data string) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		s.method, s.path, s.query, s.auth, s.body = r.Method, r.URL.Path, r.URL.Query(), r.Header.Get("Authorization"), string(text)
		fmt.Fprintf(w, `{"status":"success","data":%s}`, data)
	}))
	t.Cleanup(s.Close)
	return s
}

// run runs a verb as the command line does.
func run(t *testing.T, args ...string) (exit int, out string, err error) {
	t.Helper()
	app := kingpin.New("slowburn", "")
	verbs := ask.Verbs(app)
	name, err := app.Parse(args)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	for _, v := range verbs {
		if v.Clause.FullCommand() == name {
			var b strings.Builder
			exit, err = v.Run(context.Background(), &b)
			return exit, b.String(), err
		}
	}
	t.Fatalf("no verb %s", name)
	return 0, "", nil
}

const gateAnswer = `{
	"service": "shop", "change_type": "rollout", "verdict": "fail", "decision": "fail",
	"reasons": [{"code": "policy", "slo": "availability", "verdict": "fail", "text": "the policy is\nfrozen"}],
	"mitigations": ["Put it behind a flag."],
	"objectives": [{"slo": "availability", "verdict": "fail", "policy_state": "frozen", "decision_owner": "dana", "window": "30d",
		"remaining_ratio": -0.25, "coverage_ratio": "NaN", "data_time_ms": 1800000000000, "burning": ["page"],
		"forecast": {"median_ratio": 0.01, "p90_ratio": 0.05, "assumption": "it costs what the last 12 of them did"}}],
	"may_override": ["ops"]}`

// TestGateIsPrinted: a table a person can decide by, each reason on a line of its own.
func TestGateIsPrinted(t *testing.T) {
	s := answering(t, gateAnswer)
	exit, out, err := run(t, "gate", "--service=shop", "--slo=availability", "--slo=latency", "--change-type=rollout", "--canary={v=\"2\"}", "--on-unknown=fail", "--server="+s.URL+"/slo/")
	if exit != ask.ExitFail || err != nil {
		t.Errorf("want exit %d, have %d, %v", ask.ExitFail, exit, err)
	}
	if want := "/slo/api/slo/v1/gate"; s.path != want {
		t.Errorf("want %s asked, have %s", want, s.path)
	}
	if want := `canary={v="2"}&change_type=rollout&on_unknown=fail&service=shop&slo=availability&slo=latency`; unescaped(s.query) != want {
		t.Errorf("want asked %s, have %s", want, unescaped(s.query))
	}
	for _, want := range []string{
		"FAIL: shop of type rollout\n", "  fail availability: the policy is frozen\n", "-25 % of 30d", "1 % / 5 %", "page", "–", "2027-01-15 08:00:00Z", "dana",
		"  cost of availability: it costs what the last 12 of them did\n", "  try: Put it behind a flag.\n", "  may override: ops\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
}

func unescaped(v url.Values) string {
	s, _ := url.QueryUnescape(v.Encode())
	return s
}

// TestOnUnknownIsSaid: whoever reads the log sees that the caller decided, not the gate.
func TestOnUnknownIsSaid(t *testing.T) {
	s := answering(t, `{"service":"shop","change_type":"release","verdict":"unknown","decision":"pass"}`)
	exit, out, err := run(t, "gate", "--service=shop", "--on-unknown=pass", "--server="+s.URL)
	if exit != ask.ExitPass || err != nil || !strings.Contains(out, "PASS: shop of type release (the gate says unknown, --on-unknown decides)") {
		t.Errorf("have exit %d, %v:\n%s", exit, err, out)
	}
}

// TestJSON is what came, for every verb: a program reads fields this slowburn knows
// nothing of.
func TestJSON(t *testing.T) {
	s := answering(t, `{"verdict":"pass","decision":"pass","later":{"a":1}}`)
	for _, args := range [][]string{
		{"gate", "--service=a"}, {"canary", "--service=a", "--canary={a=\"b\"}"}, {"policy"},
		{"release", "list", "--service=a"}, {"release", "mark", "--service=a", "--release=1"},
		{"override", "list"}, {"override", "grant", "--service=a", "--reason=x", "--for=1h"}, {"override", "revoke", "1"},
	} {
		exit, out, err := run(t, append(args, "--format=json", "--server="+s.URL)...)
		if exit != 0 || err != nil || !strings.Contains(out, "\"later\": {\n") {
			t.Errorf("%v: have exit %d, %v:\n%s", args, exit, err, out)
		}
	}
}

// TestMarkIsSent: what the flags say, as the token's holder.
func TestMarkIsSent(t *testing.T) {
	s := answering(t, `{"service":"shop","version":"v2","time_ms":1800000000000,"author":"ci"}`)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret-of-ci\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exit, out, err := run(t, "release", "mark", "--service=shop", "--release=v2", "--change-type=fix", "--link=https://ci/2", "--note=n",
		"--time=2027-01-15T08:00:00Z", "--token-file="+token, "--server="+s.URL)
	if exit != 0 || err != nil || out != "shop v2 is noted at 2027-01-15 08:00:00Z by ci\n" {
		t.Errorf("have exit %d, %v: %s", exit, err, out)
	}
	if want := `{"service":"shop","version":"v2","time_ms":1800000000000,"type":"fix","link":"https://ci/2","note":"n"}`; s.method != http.MethodPost || s.body != want {
		t.Errorf("want %s posted, have %s %s", want, s.method, s.body)
	}
	if s.auth != "Bearer secret-of-ci" {
		t.Errorf("want the token shown, have %q", s.auth)
	}
}

// TestTimes: an instant, seconds, or so long ago; else it is said at the flag.
func TestTimes(t *testing.T) {
	s := answering(t, `{"verdict":"pass"}`)
	asked := func(start string) string {
		exit, _, err := run(t, "canary", "--service=a", "--canary={a=\"b\"}", "--start="+start, "--server="+s.URL)
		if err != nil {
			return fmt.Sprint(exit, " ", err)
		}
		return s.query.Get("start")
	}
	for in, want := range map[string]string{
		"":                     "",
		"1800000000":           "1800000000.000",
		"1800000000.5":         "1800000000.500",
		"2027-01-15T08:00:00Z": "1800000000.000",
		"2027-01-15":           "1799971200.000",
	} {
		if have := asked(in); have != want {
			t.Errorf("%q: want %q, have %q", in, want, have)
		}
	}
	before := time.Now().Add(-30*time.Minute - time.Second).Unix()
	var have float64
	if _, err := fmt.Sscan(asked("30m"), &have); err != nil || int64(have) < before || int64(have) > time.Now().Add(-30*time.Minute).Unix()+1 {
		t.Errorf("30m: want half an hour ago, have %f, %v", have, err)
	}
	for _, bad := range []string{"yesterday", "15", "-5m", "2027-13-01"} {
		if have := asked(bad); !strings.HasPrefix(have, "3 --start: ") || !strings.Contains(have, fmt.Sprintf("%q", bad)) {
			t.Errorf("%q: want it refused at its flag with exit 3, have %q", bad, have)
		}
	}
}

// TestNoAnswer: what is not slowburn's answer is told for what it is, and a redirect
// is not followed: the token would go along.
func TestNoAnswer(t *testing.T) {
	elsewhere := answering(t, `{"verdict":"pass","decision":"pass"}`)
	answers := map[string]http.HandlerFunc{
		"not slowburn's API": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>login</html>") },
		"decode the answer":  func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"status":"success","data":[1]}`) },
		"may not (not_allowed, 403 Forbidden)": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			io.WriteString(w, `{"status":"error","code":"not_allowed","error":"may not"}`)
		},
		"302 Found": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"exceeded": func(_ http.ResponseWriter, r *http.Request) {
			select { // whichever ends the test first
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		},
	}
	for want, handler := range answers {
		s := httptest.NewServer(handler)
		timeout := "1m"
		if want == "exceeded" {
			timeout = "100ms"
		}
		exit, out, err := run(t, "gate", "--service=a", "--timeout="+timeout, "--server="+s.URL)
		s.CloseClientConnections()
		s.Close()
		if exit != ask.ExitUnanswered || err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("want %q and exit 3, have exit %d, %v, %q", want, exit, err, out)
		}
	}
	if elsewhere.path != "" {
		t.Error("the redirect was followed")
	}
}
