//go:build e2e

package rig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// The peers do what the end-to-end tests take for granted; when those fail, this
// test says whose fault it is not.

func TestPrometheusRemoteWrites(t *testing.T) {
	for _, protocol := range []rig.Protocol{rig.RemoteWrite1, rig.RemoteWrite2} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var types []string
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				types = append(types, r.Header.Get("Content-Type"))
				w.WriteHeader(http.StatusNoContent)
			}))
			t.Cleanup(receiver.Close)
			rig.StartPrometheus(t, protocol, rig.NewShop(t).Target, strings.TrimPrefix(receiver.URL, "http://"))

			proc.Until(t, 20*time.Second, "Prometheus remote-writes", func() error {
				mu.Lock()
				defer mu.Unlock()
				for _, have := range types {
					if strings.Contains(have, string(protocol)) || (protocol == rig.RemoteWrite1 && have == "application/x-protobuf") {
						return nil
					}
				}
				return fmt.Errorf("want %s, have requests of types %q", protocol, types)
			})
		})
	}
}

func TestAlertmanagerCallsTheWebhook(t *testing.T) {
	webhook := rig.NewWebhook(t)
	am := rig.StartAlertmanager(t, webhook.URL)
	post := func(endsAt time.Time) {
		t.Helper()
		body, err := json.Marshal([]map[string]any{{
			"labels": map[string]string{"alertname": "Probe"}, "startsAt": time.Now().Add(-time.Minute), "endsAt": endsAt,
		}})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post("http://"+am.Addr+"/api/v2/alerts", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("want 200, have %s", resp.Status)
		}
	}
	probe := map[string]string{"alertname": "Probe"}
	post(time.Now().Add(time.Minute))
	proc.Until(t, 10*time.Second, "the webhook hears of it", func() error { return webhook.Saw(1, 0, probe) })
	// The webhook hears before Alertmanager notes that it told: the next look at the
	// same group comes after that note.
	proc.Until(t, 10*time.Second, "Alertmanager has noted that it told", func() error { return looked(am.Addr, 2) })
	am.Stop()
	am.Start()
	post(time.Now().Add(-time.Second))
	proc.Until(t, 20*time.Second, "the webhook hears of its end", func() error { return webhook.Saw(1, 1, probe) })
}

// looked says whether Alertmanager has asked its notification log so many times.
func looked(addr string, times float64) error {
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		var have float64
		if _, err := fmt.Sscanf(line, "alertmanager_nflog_queries_total %g", &have); err == nil {
			if have < times {
				return fmt.Errorf("want %g looks, have %g", times, have)
			}
			return nil
		}
	}
	return fmt.Errorf("want the metric alertmanager_nflog_queries_total")
}
