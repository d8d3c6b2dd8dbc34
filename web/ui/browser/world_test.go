package browser_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// The world's texts that a browser must never take for anything else, and one that
// is longer than any screen.
const (
	HostileImage  = `<img src=x onerror=alert(1)>`
	HostileScript = `"><script>alert(2)</script>`
)

// longValue is as long as a label value may be, by default.
var longValue = strings.Repeat("long-", 400)

// objectives is how many there are besides the shop's; tenants how many segments one
// objective has.
const (
	objectives = 10_000
	tenants    = 2_000
)

const config = `slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 1m, short: 30s, factor: 14.4}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [127.0.0.1:9]
`

// shop burns in one region; others are named by an attacker.
var shop = fmt.Sprintf(`version: slowburn/v1
service: shop
owner: %q
tier: quick
runbook: https://runbooks.example.com/shop
objectives:
  - name: availability
    description: %q
    target: 99.9
    windows: [30d]
    by: [region]
    sli:
      events:
        bad: shop_requests_total{code="500"}
        total: shop_requests_total
  - name: tenants
    target: 99
    windows: [7d]
    by: [tenant]
    sli:
      events:
        bad: tenant_requests_total{code="500"}
        total: tenant_requests_total
  - name: forgotten
    target: 99
    windows: [30d]
    sli:
      events:
        bad: nobody_sends_this_total{code="500"}
        total: nobody_sends_this_total
  - name: journey
    target: 99
    windows: [30d]
    sli:
      composite:
        - {objective: availability, weight: 3}
        - {objective: tenants, weight: 1}
`, HostileImage, HostileScript)

// wordy has texts of 10 kB without a place to break.
var wordy = fmt.Sprintf(`version: slowburn/v1
service: wordy
owner: %q
objectives:
  - name: %s
    description: %q
    target: 99
    windows: [30d]
    sli:
      events:
        bad: wordy_total{code="500",text=%q}
        total: wordy_total{text=%[4]q}
`, tenKB("owner"), wordyName, tenKB("description"), tenKB("selector"))

// wordyName is as long as a name may be.
var wordyName = strings.Repeat("n", 128)

func tenKB(text string) string { return strings.Repeat(text, 10_000/len(text)) }

func many() string {
	var b strings.Builder
	for s := range 100 {
		fmt.Fprintf(&b, "---\nversion: slowburn/v1\nservice: service-%03d\nowner: team-%d\nobjectives:\n", s, s%7)
		for o := range objectives / 100 {
			fmt.Fprintf(&b, "  - {name: objective-%02d, target: 99.9, windows: [30d], sli: {events: {bad: 'm_total{s=\"%[2]d\",o=\"%[1]d\",code=\"500\"}', total: 'm_total{s=\"%[2]d\",o=\"%[1]d\"}'}}}\n", o, s)
		}
	}
	return b.String()
}

func worldCounters() []counter {
	all := []counter{
		series(1000, "shop_requests_total", "code", "200", "job", "shop", "region", "eu"),
		series(1, "shop_requests_total", "code", "500", "job", "shop", "region", "eu"),
		series(500, "shop_requests_total", "code", "200", "job", "shop", "region", "us"),
		series(400, "shop_requests_total", "code", "500", "job", "shop", "region", "us"),
	}
	for _, region := range []string{HostileImage, HostileScript, longValue} {
		all = append(all, series(100, "shop_requests_total", "code", "200", "job", "shop", "region", region))
	}
	for i := range tenants {
		tenant := fmt.Sprintf("tenant-%04d", i)
		all = append(all, series(10, "tenant_requests_total", "code", "200", "job", "shop", "tenant", tenant))
		if i%100 == 0 {
			all = append(all, series(1, "tenant_requests_total", "code", "500", "job", "shop", "tenant", tenant))
		}
	}
	for i := range objectives {
		s, o := fmt.Sprint(i/100), fmt.Sprint(i%100)
		all = append(all, series(10, "m_total", "code", "200", "job", "m", "o", o, "s", s))
	}
	return all
}

// World is a slowburn with data under a path, until the test ends.
func World(t testing.TB) (base string) {
	t.Helper()
	s := rig.NewSlowburn(t, config, map[string]string{"shop.yml": shop, "many.yml": many(), "wordy.yml": wordy})
	base = "http://" + s.Addr + "/slo/"
	s.Start("--web.external-url="+strings.TrimSuffix(base, "/"), "--slo.max-groups=3000")
	s.ReadyUnder("/slo", 2*time.Minute)
	f := &feed{url: base + "api/v1/write", counters: worldCounters()}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.run(ctx, time.Now().Add(-7*scrapeInterval).Truncate(time.Second)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	proc.Until(t, 2*time.Minute, "the shop burns", func() error {
		text, err := get(base + "api/slo/v1/summary?service=shop&state=burning")
		if err == nil && !strings.Contains(text, `"alert":"page"`) {
			err = errors.New(text)
		}
		return err
	})
	return base
}

// Bare is a slowburn without objectives and data.
func Bare(t testing.TB) (base string) { return started(t, "slo_files: []\n", nil) }

// Broken is a slowburn with a broken SLO file.
func Broken(t testing.TB) (base string) {
	return started(t, config, map[string]string{"good.yml": shop, "shop.yml": "version: slowburn/v1\nservice: shop\nobjectives:\n  - name: availability\n    targett: 99.9\n"})
}

func started(t testing.TB, config string, slos map[string]string) string {
	t.Helper()
	s := rig.NewSlowburn(t, config, slos)
	s.Start()
	s.Ready(time.Minute)
	return "http://" + s.Addr + "/"
}

// Demo is a `slowburn demo`, once its page answers.
func Demo(t testing.TB, flags ...string) (base string) {
	t.Helper()
	address := proc.FreeAddress(t)
	proc.Start(t, t.TempDir(), "demo", rig.Program(t), append([]string{"demo", "--web.listen-address=" + address}, flags...)...)
	base = "http://" + address + "/"
	proc.Until(t, time.Minute, "the demo answers", func() error {
		_, err := get(base + "api/slo/v1/standing")
		return err
	})
	return base
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}
