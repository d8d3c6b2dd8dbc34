package main

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
)

// TestFault26_QueriesThenSamplesNeverPages fills the memory step by step: queries are
// asked to come again first, then samples, and pages go out whatever there is.
func TestFault26_QueriesThenSamplesNeverPages(t *testing.T) {
	told := make(chan string, 100)
	am := httptest.NewServer(receiver.New(func(n receiver.Notification) { told <- string(n.Alert.Labels["alertname"]) }))
	defer am.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "slowburn.yml")
	putFile(t, config, "slo_files: [slos/*.yml]\nalerting:\n  alertmanagers:\n    - static_configs: [{targets: ['"+strings.TrimPrefix(am.URL, "http://")+"']}]\n")
	putFile(t, filepath.Join(dir, "slos/shop.yml"), sloFile("shop", "99.9"))
	f := flagsOfServe(t, config)
	listeners, err := listen(f)
	if err != nil {
		t.Fatal(err)
	}
	log := newTold()
	s, err := newServer(f, listeners[0].Addr(), f.logger(streams{log, log}), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.group(ctx, listeners).Run() }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.close()
	}()
	log.until(t, `msg=ready`, time.Minute)

	answers := func(method, path string) bool {
		t.Helper()
		req, err := http.NewRequest(method, s.url.String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode != http.StatusServiceUnavailable
	}
	var level []slo.Alert
	for _, c := range []struct {
		used             float64 // of the limit
		queries, samples bool
	}{
		{0.5, true, true}, {0.93, false, true}, {0.98, false, false}, {1.5, false, false}, {0.5, true, true},
	} {
		s.memory.share.Store(math.Float64bits(c.used))
		if have := answers(http.MethodGet, "/api/v1/query?query=1"); have != c.queries {
			t.Errorf("%g of the memory used: want queries answered: %t, have %t", c.used, c.queries, have)
		}
		if have := answers(http.MethodPost, "/api/v1/write"); have != c.samples {
			t.Errorf("%g of the memory used: want samples taken: %t, have %t", c.used, c.samples, have)
		}
		if !answers(http.MethodGet, "/-/ready") {
			t.Errorf("%g of the memory used: want it ready: it pages", c.used)
		}
		name := "Page" + string(rune('A'+len(level)))
		level = append(level, slo.Alert{
			Labels: labels.FromStrings(labels.AlertName, name, "severity", slo.SeverityPage), State: slo.AlertFiring, FiredAt: time.Now().UnixMilli(),
		})
		s.alerting.Set(level)
		for end := time.After(time.Minute); ; {
			select {
			case have := <-told:
				if have != name {
					continue // the watchdog
				}
			case <-time.After(time.Second):
				s.alerting.Set(level) // the engine states its own once a slot
				continue
			case <-end:
				t.Fatalf("%g of the memory used: the page was not told", c.used)
			}
			break
		}
	}
}
