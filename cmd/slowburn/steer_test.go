package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

const steered = `slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 1m, short: 30s, factor: 900}
    policy:
      decision_owner: dana
      min_coverage: 0.1%
      may_override: [ops]
releases:
  detect:
    - {selector: feed_build_info, service: feed}
`

// steering is a slowburn whose releases are steered: a token for CI, one for ops, and
// a feed that begins two hours ago.
type steering struct {
	*running
	feed *rig.Feed
	dir  string
}

func startSteering(t *testing.T, args ...string) *steering {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("slos/feed.yml", rig.FeedSLO)
	ci, ops := put("ci", "0123456789-secret-of-ci"), put("ops", "0123456789-secret-of-ops")
	prom := put("prom", "0123456789-secret-of-prometheus")
	s := &steering{dir: dir, running: startServe(t, put("slowburn.yml", steered),
		append(args, "--web.token=ci=gate:"+ci, "--web.token=ops=gate:"+ops, "--web.token=prom=write:"+prom)...)}
	s.feed = rig.NewFeed(t, &rig.Slowburn{Addr: strings.TrimPrefix(s.url, "http://")}, 2*time.Hour)
	s.feed.Token = "0123456789-secret-of-prometheus"
	return s
}

// cli runs a verb as the holder of a token.
func (s *steering) cli(who string, args ...string) (exit int, out string) {
	s.t.Helper()
	var b bytes.Buffer
	args = append(args, "--server="+s.url, "--token-file="+filepath.Join(s.dir, who))
	exit = execute(args, streams{&b, &b})
	return exit, b.String()
}

// want checks a verb's exit code and that its output holds the signs.
func (s *steering) want(who string, exit int, signs []string, args ...string) {
	s.t.Helper()
	have, out := s.cli(who, args...)
	if have != exit {
		s.t.Errorf("%s %v: want exit %d, have %d:\n%s", who, args, exit, have, out)
	}
	for _, sign := range signs {
		if !strings.Contains(out, sign) {
			s.t.Errorf("%s %v: want %q in\n%s", who, args, sign, out)
		}
	}
}

// play feeds scrapes 15 s apart up to so long before the wall clock.
func (s *steering) play(behind time.Duration, good, bad float64) {
	s.t.Helper()
	for time.Since(s.feed.Acked().At) > behind {
		if err := s.feed.Scrape(15*time.Second, good, bad); err != nil {
			s.t.Fatal(err)
		}
	}
}

// until waits for an answer of the API that satisfies.
func (s *steering) until(what, path string, holds func(body string) bool) string {
	s.t.Helper()
	var body string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, body = s.ask(http.MethodGet, path); holds(body) {
			return body
		}
	}
	s.t.Fatalf("%s: %s still answers %s", what, path, body)
	return ""
}

// post sends JSON as the holder of a token.
func (s *steering) post(who, path, body string) (status int, code string) {
	s.t.Helper()
	secret, err := os.ReadFile(filepath.Join(s.dir, who))
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, s.url+"/api/slo/v1/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+string(secret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	var e struct{ Code string }
	if err := json.Unmarshal(text, &e); err != nil {
		s.t.Fatalf("%s is not JSON: %v", text, err)
	}
	return resp.StatusCode, e.Code
}

// TestSteering asks for releases through an ordinary day and a bad one, by the very
// commands a pipeline would run.
func TestSteering(t *testing.T) {
	s := startSteering(t)
	gate := []string{"gate", "--service=feed"}

	// Nothing was observed yet: never pass.
	s.want("ci", 2, []string{"UNKNOWN", "there is no data"}, gate...)
	s.want("ci", 1, []string{"the gate says unknown"}, append(gate, "--on-unknown=fail")...)
	s.want("ci", 0, []string{"the gate says unknown"}, append(gate, "--on-unknown=pass")...)
	s.want("ci", 3, []string{"unknown_service"}, "gate", "--service=cart")
	s.want("ci", 3, []string{"unknown_slo", "requests"}, "gate", "--service=feed", "--slo=latency")
	s.want("prom", 3, []string{"forbidden"}, gate...)

	// Two hours without fault.
	s.feed.Version = "v0"
	s.play(75*time.Second, 100, 0)
	s.until("the policy is healthy", "/api/slo/v1/policies?service=feed", func(b string) bool { return strings.Contains(b, `"state":"healthy","since_ms"`) })
	s.want("ci", 0, []string{"PASS", "100 % of the 1d budget is left", "5 % of the budget is assumed"}, gate...)
	at := s.feed.Acked().At.Truncate(time.Second)
	mark := []string{"release", "mark", "--service=feed", "--release=v1", "--time=" + at.UTC().Format(time.RFC3339), "--note=first"}
	s.want("ci", 0, []string{"feed v1 is noted", "by ci"}, mark...)
	s.want("ci", 0, []string{"feed v1 is noted"}, mark...)
	s.want("ci", 1, []string{"conflict"}, append(mark, "--change-type=fix")...)

	// What cannot be.
	for body, want := range map[string]string{
		`{"service":"cart","version":"v1"}`: "404 unknown_service",
		`{"service":"feed"}`:                "400 bad_parameter",
		fmt.Sprintf(`{"service":"feed","version":"v2","time_ms":%d}`, time.Now().Add(time.Hour).UnixMilli()): "400 time_in_future",
		`{"service":"feed","version":"v2","time_ms":1000}`:                                                   "400 time_too_old",
		`{"service":"feed","version":"v2","note":"` + strings.Repeat("x", 5000) + `"}`:                       "400 too_long",
		`{"service":"feed","version":"v2","link":"javascript:alert(1)"}`:                                     "400 bad_parameter",
		`{"service":"feed","version":"v\u0000"}`:                                                             "400 bad_parameter",
	} {
		if status, code := s.post("ci", "releases", body); fmt.Sprintf("%d %s", status, code) != want {
			t.Errorf("mark %.80s: want %s, have %d %s", body, want, status, code)
		}
	}

	// A version nobody marked breaks everything: the budget is gone, the gate closes, and
	// the version label tells which release it was.
	s.feed.Version = "v2"
	s.play(16*time.Second, 100, 1000)
	s.until("the policy is frozen", "/api/slo/v1/policies?service=feed", func(b string) bool { return strings.Contains(b, `"state":"frozen","since_ms"`) })
	s.until("the release is found", "/api/slo/v1/releases?service=feed", func(b string) bool {
		return strings.Contains(b, `"version":"v2"`) && strings.Contains(b, `"detected":true`) && strings.Contains(b, `"state":"pending"`)
	})
	s.want("ci", 1, []string{"FAIL", "the policy is frozen", "dana", "may override: ops", "flag", "5 % of the traffic"}, gate...)
	s.want("ci", 0, []string{"PASS", "a rollback may go out in state frozen"}, append(gate, "--change-type=rollback")...)
	s.want("ci", 0, []string{"frozen", "dana", "fail"}, "policy", "--service=feed")
	s.until("it is an alert", "/api/v1/alerts", func(b string) bool {
		return strings.Contains(b, `"alertname":"SLOErrorBudgetPolicy"`) && strings.Contains(b, `"state":"frozen"`) && strings.Contains(b, "dana decides.")
	})
	s.until("and a rule", "/api/v1/rules?rule_name[]=SLOErrorBudgetPolicy&state=firing", func(b string) bool { return strings.Contains(b, `"decision_owner":"dana"`) })
	s.until("the budget says so too", "/api/slo/v1/budgets?service=feed", func(b string) bool {
		return strings.Contains(b, `"policy_state":"frozen"`) && strings.Contains(b, `"decision_owner":"dana"`)
	})
	s.until("and so does a series", "/api/v1/query?query=slo_policy_state==1", func(b string) bool { return strings.Contains(b, `"state":"frozen"`) })
	was := fmt.Sprintf("/api/v1/query?query=slo_policy_state==1&time=%d", at.Unix())
	s.until("which knows the past", was, func(b string) bool { return strings.Contains(b, `"state":"healthy"`) && !strings.Contains(b, "frozen") })
	s.until("releases are a series", fmt.Sprintf("/api/v1/query?query=slo_release_timestamp_seconds&time=%d", at.Unix()+15), func(b string) bool {
		return strings.Contains(b, `"version":"v1"`) && strings.Contains(b, fmt.Sprintf(`"%d"`, at.Unix()))
	})
	s.until("and annotations", "/api/slo/v1/annotations?service=feed", func(b string) bool { return strings.Contains(b, `"title":"feed v1"`) })

	// Overriding takes somebody the policy names, a reason and an end.
	override := []string{"override", "grant", "--service=feed", "--reason=the fix of the fix", "--for=1h"}
	s.want("ci", 1, []string{"not_allowed", "ops may"}, override...)
	s.want("ops", 1, []string{"7d at most"}, "override", "grant", "--service=feed", "--reason=holidays", "--for=8d")
	s.want("ci", 1, []string{"FAIL"}, gate...)
	s.want("ops", 0, []string{"lets releases of feed pass"}, override...)
	s.want("ci", 0, []string{"PASS", "ops overrides it until", "the fix of the fix"}, gate...)
	_, list := s.cli("ci", "override", "list")
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	s.want("ci", 1, []string{"not_allowed"}, "override", "revoke", id)
	s.want("ops", 0, []string{"revoked by ops"}, "override", "revoke", id)
	s.want("ops", 1, []string{"not_found"}, "override", "revoke", id)
	s.want("ci", 1, []string{"FAIL"}, gate...)

	// All of it stands in the audit log, and nothing that was refused.
	body := s.until("the audit log", "/api/slo/v1/audit?service=feed", func(b string) bool { return strings.Contains(b, "override.revoke") })
	var log struct {
		Data struct {
			Entries []struct{ Author, Action, Reason string }
		}
	}
	if err := json.Unmarshal([]byte(body), &log); err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range log.Data.Entries {
		if e.Action != "policy.change" {
			have = append(have, e.Author+" "+e.Action)
		}
	}
	if want := "[ops override.revoke ops override.create slowburn release.detect ci release.mark]"; fmt.Sprint(have) != want {
		t.Errorf("audit: want %s, have %v", want, have)
	}
	s.canary(at)
}

// canary takes the bad code for a canary, which it is not, but it is worse than the
// rest: the past interval is judged like the present one.
func (s *steering) canary(broke time.Time) {
	s.t.Helper()
	before, after := broke.Add(-10*time.Minute).UTC().Format(time.RFC3339), broke.UTC().Format(time.RFC3339)
	s.want("ci", 1, []string{"FAIL", "the canary is worse"}, "canary", "--service=feed", `--canary={code="500"}`, "--stable", `{code="200"}`)
	s.want("ci", 2, []string{"UNKNOWN", "at least 100 are needed"}, "canary", "--service=feed", `--canary={code="500"}`, "--start="+before, "--end="+after)
	s.want("ci", 0, []string{"PASS", "not shown to be worse", "fisher"}, "canary", "--service=feed", `--canary={code="200"}`, `--stable={job="feed"}`, "--start="+before, "--end="+after)
	s.want("ci", 3, []string{"times_reversed"}, "canary", "--service=feed", `--canary={code="200"}`, "--start="+after, "--end="+before)
	s.want("ci", 3, []string{"is not a selector"}, "canary", "--service=feed", "--canary={code=")
	s.want("ci", 1, []string{"the canary is worse"}, "gate", "--service=feed", "--change-type=rollback", `--canary={code="500"}`)
}
