package rig

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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

	t     testing.TB
	dir   string
	flags []string
	proc  *proc.Process
}

// StartAlertmanager starts one and waits until it is ready.
func StartAlertmanager(t testing.TB, webhook string) *Alertmanager {
	t.Helper()
	return StartAlertmanagerWith(t, PagerConfig(webhook))
}

// StartAlertmanagerWith starts one with another configuration, and more flags if given.
func StartAlertmanagerWith(t testing.TB, config string, flags ...string) *Alertmanager {
	t.Helper()
	am := &Alertmanager{Addr: proc.FreeAddress(t), t: t, dir: t.TempDir(), flags: flags}
	write(t, am.dir, "alertmanager.yml", config)
	am.Start()
	return am
}

// PagerConfig is its configuration unless it has another: what is told to one webhook.
func PagerConfig(webhook string) string {
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
		append([]string{"--config.file=alertmanager.yml", "--storage.path=data", "--web.listen-address=" + am.Addr, "--cluster.listen-address="}, am.flags...)...)
	ready(am.t, "alertmanager", &http.Client{Timeout: time.Second}, "http://"+am.Addr+"/-/ready", 30*time.Second, am.proc)
}

// Kill ends it as kill -9 does.
func (am *Alertmanager) Kill() { am.proc.Kill() }

// Holds is nil if it has so many alerts with these labels.
func (am *Alertmanager) Holds(want int, match map[string]string) error {
	alerts, err := am.alerts(match)
	if err == nil && len(alerts) != want {
		err = fmt.Errorf("want %d alerts, have %d: %v", want, len(alerts), alerts)
	}
	return err
}

// Keeps is nil if it has one alert with these labels, and would hold it for longer than
// that if nobody sent it again.
func (am *Alertmanager) Keeps(longer time.Duration, match map[string]string) error {
	alerts, err := am.alerts(match)
	if err == nil && (len(alerts) != 1 || time.Until(alerts[0].EndsAt) < longer) {
		err = fmt.Errorf("want one alert for %s and longer, have %v", longer, alerts)
	}
	return err
}

// held is one of its alerts.
type held struct {
	Labels map[string]string
	EndsAt time.Time
}

func (am *Alertmanager) alerts(match map[string]string) ([]held, error) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + am.Addr + "/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var alerts []held
	if err := json.NewDecoder(resp.Body).Decode(&alerts); err != nil {
		return nil, fmt.Errorf("read Alertmanager's alerts: %w", err)
	}
	return slices.DeleteFunc(alerts, func(a held) bool { return !includes(a.Labels, match) }), nil
}

// Stop ends it with SIGTERM, upon which it writes down whom it has told what; a
// killed Alertmanager forgets up to 15 minutes of that and tells it all again.
func (am *Alertmanager) Stop() {
	am.t.Helper()
	if _, err := am.proc.Stop(20 * time.Second); err != nil {
		am.t.Fatal(err)
	}
}
