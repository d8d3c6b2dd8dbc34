package browser_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// steered is a configuration in which only ops may override, and versions are read off
// the samples.
const steered = `slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 1m, short: 30s, factor: 14.4}
    policy:
      decision_owner: dana
      min_coverage: 0.1%
      may_override: [ops]
releases:
  detect:
    - {selector: feed_build_info, service: feed}
`

const (
	opsSecret = "0123456789-secret-of-ops"
	ciSecret  = "0123456789-secret-of-ci"
)

// Steered is a slowburn whose feed has run well for two hours, until version v2 came:
// since then nearly all fails. Version v1 was marked half an hour before that, and
// the target was lowered just now.
func Steered(t *testing.T) (base string) {
	t.Helper()
	dir := t.TempDir()
	secret := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := rig.NewSlowburn(t, steered, map[string]string{"feed.yml": rig.FeedSLO})
	s.Start("--web.token=ops=gate:"+secret("ops", opsSecret), "--web.token=ci=gate:"+secret("ci", ciSecret),
		"--web.token=prom=write:"+secret("prom", "0123456789-secret-of-prometheus"))
	s.Ready(time.Minute)
	base = "http://" + s.Addr + "/"
	feed := rig.NewFeed(t, s, 2*time.Hour)
	feed.Token, feed.Version = "0123456789-secret-of-prometheus", "v0"
	scrape := func(good, bad float64) {
		t.Helper()
		if err := feed.Scrape(15*time.Second, good, bad); err != nil {
			t.Fatal(err)
		}
	}
	// On until some slots have closed behind the start, from which on the target is dated.
	for started := time.Now(); feed.Acked().At.Before(started.Add(45 * time.Second)); {
		scrape(100, 0)
	}
	proc.Until(t, time.Minute, "the policy is healthy, and v0 known", func() error {
		text, err := get(base + "api/slo/v1/policies?service=feed")
		if err == nil && !strings.Contains(text, `"state":"healthy","since_ms"`) {
			err = errors.New(text)
		}
		return err
	})
	mark(t, base, fmt.Sprintf(`{"service":"feed","version":"v1","time_ms":%d,"type":"rollout","link":"https://ci.example.com/1","note":%q}`,
		feed.Acked().At.Add(-30*time.Minute).UnixMilli(), HostileScript))
	s.WriteSLO("feed.yml", strings.Replace(rig.FeedSLO, "target: 99.9", "target: 99.5", 1))
	s.Reload()
	feed.Version = "v2"
	// On until some slots have closed behind the reload.
	for reloaded := time.Now(); feed.Acked().At.Before(reloaded.Add(time.Minute)); {
		scrape(100, 1000)
	}
	proc.Until(t, time.Minute, "the policy is frozen and v2 found", func() error {
		policies, err := get(base + "api/slo/v1/policies?service=feed")
		if err != nil || !strings.Contains(policies, `"state":"frozen","since_ms"`) {
			return errors.Join(err, errors.New(policies))
		}
		releases, err := get(base + "api/slo/v1/releases?service=feed")
		if err != nil || !strings.Contains(releases, `"v2"`) || !strings.Contains(releases, `"pending"`) {
			return errors.Join(err, errors.New(releases))
		}
		return nil
	})
	return base
}

func mark(t *testing.T, base, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, base+"api/slo/v1/releases", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+opsSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("mark %s: %s", body, resp.Status)
	}
}

// as shows the page to the holder of a secret, as a proxy does that knows who asks.
func as(t *testing.T, base, secret string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+secret)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// TestReleasesAndGate: before a release one page says no and why, what past releases
// cost, who may let it pass all the same; and lets them.
func TestReleasesAndGate(t *testing.T) {
	t.Parallel() // it waits for the clock
	chromium := Start(t)
	base := Steered(t)
	ci := as(t, base, ciSecret)

	p := chromium.Open(t, ci, "releases?service=feed", Desk)
	p.See("Do not release.", "the policy is frozen", "a page fires", "dana", "May override: ops.", "What would help", "Costs, median / 90th", "what its last release did; that is little to go by")
	p.See("v1", HostileScript, "rollout", "of 1d", "events, final", "events, pending", "v2", "seen in the samples", "gate: fail", "release.mark", "release.detect")
	p.Accessible()
	p.FitsWidth()
	p.Shot("releases-frozen")

	// A rollback is what the policy lets out.
	p.Do(Focus("label.choice input"))
	p.Key("rollback")
	p.Key(kb.Enter)
	p.See("a rollback may go out in state frozen", "Go.")
	p.Until("new URLSearchParams(location.search).get('change') === 'rollback'")

	// ci may ask but not override, and hears who may; who shows no token hears nothing.
	p = chromium.Open(t, ci, "releases?service=feed", Desk)
	p.override("I want to")
	p.See("ci may not override feed/requests: ops may", "Do not release.")
	p.Shot("releases-refused")
	p = chromium.Open(t, base, "releases?service=feed", Desk)
	p.See("No answer for the gate (401).", "Marked releases")

	// ops may, and may take it back.
	p = chromium.Open(t, as(t, base, opsSecret), "releases?service=feed", Desk)
	p.override("the fix of the fix " + HostileImage)
	p.See("Overridden.", "Go.", "by override of ops until", HostileImage)
	p.Accessible()
	p.FitsWidth()
	p.Shot("releases-overridden")
	p.Do(Click("section p.row button.act"))
	p.See("Revoked.", "Do not release.")

	// The burn-down shows both releases and the changed target.
	p = chromium.Open(t, base, objectivePath("feed", "requests")+"&range=1h", Desk)
	p.Until("[...document.querySelectorAll('ul.marks li.release')].map(e => e.innerText).join().match(/release v1.*release v2|release v2.*release v1/)")
	p.Until("document.querySelector('ul.marks li.target')?.innerText.includes('target 99.9 % → 99.5 %')")
	p.Accessible()
	p.Shot("objective-marks")

	phone := chromium.Open(t, ci, "releases?service=feed", Phone)
	phone.See("Do not release.", "seen in the samples", "release.detect")
	phone.Accessible()
	phone.FitsWidth()
	phone.Shot("phone-releases-frozen")
}

// override fills in the form.
func (p *Page) override(reason string) {
	p.t.Helper()
	p.See("Override the gate of feed")
	p.Do(Click("details summary"), chromedp.SendKeys(chromedp.CSS("input[name=reason]"), reason), Click("form.form button"))
}

// TestDemoButtons: a visitor breaks the shop and heals it.
func TestDemoButtons(t *testing.T) {
	t.Parallel()
	chromium := Start(t)
	base := Demo(t, "--history=1h")
	p := chromium.Open(t, base, "now", Desk)
	p.See("To do it for real")
	// Its own outage may be on: then the visitor ends it first.
	p.Until("[...document.querySelectorAll('.demo button')].some(b => !b.disabled)")
	if Eval[bool](p, "document.querySelector('.demo button:not(:disabled)').innerText === 'Heal it'") {
		p.Do(Click(".demo button:not(:disabled)"))
	}
	p.See("The shop is well.")
	p.Do(Click(".demo button:not(:disabled)"))
	p.See("It fails from now on", "95 of 100 customers")
	p.Until("document.querySelector('.demo button:disabled').innerText === 'Break it'")
	p.See("checkout/availability", "region=") // what it is for
	p.Accessible()
	p.Shot("demo-broken")
	p.Do(Click(".demo button:not(:disabled)"))
	p.See("It is healed", "The shop is well.")
	p.Do(Click(".demo summary"))
	p.See("slowburn serve --config.file=slowburn.yml", "remote_write:")
	p.Shot("demo-healed")
}
