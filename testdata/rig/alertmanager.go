package rig

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
)

// Alertmanager is a real Alertmanager that sends every alert on its own to one
// webhook: no grouping, first notice after 1 s, no repetition for a day. So what
// the webhook sees is what slowburn said.
type Alertmanager struct {
	// Addr is host:port of its web server.
	Addr string

	t    testing.TB
	dir  string
	proc *proc.Process
}

// StartAlertmanager starts one and waits until it is ready.
func StartAlertmanager(t testing.TB, webhook string) *Alertmanager {
	t.Helper()
	return StartAlertmanagerWith(t, pagerConfig(webhook))
}

// StartAlertmanagerWith starts one with another configuration.
func StartAlertmanagerWith(t testing.TB, config string) *Alertmanager {
	t.Helper()
	am := &Alertmanager{Addr: proc.FreeAddress(t), t: t, dir: t.TempDir()}
	write(t, am.dir, "alertmanager.yml", config)
	am.Start()
	return am
}

func pagerConfig(webhook string) string {
	return fmt.Sprintf(`
route:
  receiver: pager
  group_by: ['...']
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 24h
receivers:
  - name: pager
    webhook_configs:
      - url: %s
        send_resolved: true
`, webhook)
}

// Start runs it, again after Stop with the same data and address, and waits
// until it is ready.
func (am *Alertmanager) Start() {
	am.t.Helper()
	am.proc = proc.Start(am.t, am.dir, "alertmanager", Peer(am.t, "alertmanager"),
		"--config.file=alertmanager.yml", "--storage.path=data",
		"--web.listen-address="+am.Addr, "--cluster.listen-address=")
	ready(am.t, "alertmanager", "http://"+am.Addr+"/-/ready", 30*time.Second, am.proc)
}

// Kill ends it as kill -9 does.
func (am *Alertmanager) Kill() { am.proc.Kill() }

// Holds is nil if it has so many alerts with these labels.
func (am *Alertmanager) Holds(want int, match map[string]string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + am.Addr + "/api/v2/alerts")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var alerts []struct{ Labels map[string]string }
	if err := json.NewDecoder(resp.Body).Decode(&alerts); err != nil {
		return fmt.Errorf("read Alertmanager's alerts: %w", err)
	}
	have := 0
	for _, a := range alerts {
		if includes(a.Labels, match) {
			have++
		}
	}
	if have != want {
		return fmt.Errorf("want %d alerts, have %d in %v", want, have, alerts)
	}
	return nil
}

// Stop ends it with SIGTERM, upon which it writes down whom it has told what; a
// killed Alertmanager forgets up to 15 minutes of that and tells it all again.
func (am *Alertmanager) Stop() {
	am.t.Helper()
	if _, err := am.proc.Stop(20 * time.Second); err != nil {
		am.t.Fatal(err)
	}
}
