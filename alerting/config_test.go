package alerting_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
)

// read decodes a block `alerting` as Prometheus does.
func read(t *testing.T, text string) alerting.Config {
	t.Helper()
	var c alerting.Config
	if err := yaml.UnmarshalStrict([]byte(text), &c.Alerting); err != nil {
		t.Fatal(err)
	}
	return c
}

func sorted(alerts []*models.PostableAlert) string {
	var s []string
	for _, a := range alerts {
		var ls []string
		for name, value := range a.Labels {
			ls = append(ls, name+"="+value)
		}
		slices.Sort(ls)
		s = append(s, strings.Join(ls, ","))
	}
	slices.Sort(s)
	return strings.Join(slices.Compact(s), "; ")
}

func TestExternalLabelsAndRelabeling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		c := read(t, `
alert_relabel_configs:
- {regex: replica, action: labeldrop}
- {source_labels: [alertname], regex: Silent, action: drop}
alertmanagers:
- static_configs: [{targets: [am1]}]
- static_configs: [{targets: [am2, am3]}]
  path_prefix: /prefix
  relabel_configs:
  - {source_labels: [__address__], regex: am3, action: drop}
  alert_relabel_configs:
  - {target_label: path, replacement: second}
`)
		c.ExternalLabels = labels.FromStrings("replica", "a", "region", "eu", "severity", "overridden by the alert's own")
		m := start(t, alerting.Options{Config: c, Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now()), firing("Silent", time.Now())})
		after(time.Second)
		equal(t, "alertname=A,region=eu,severity=page", sorted(w.hosts["am1"].sent()), "labels for am1")
		equal(t, "alertname=A,path=second,region=eu,severity=page", sorted(w.hosts["am2"].sent()), "labels for am2")
		ams := m.Alertmanagers()
		equal(t, 2, len(ams.Active), "active")
		equal(t, "http://am2/prefix/api/v2/alerts", ams.Active[1].URL, "url with prefix")
		equal(t, "http://am3/prefix/api/v2/alerts", strings.Join(ams.Dropped, " "), "dropped")
		equal(t, 1, m.metric(`slowburn_alerts_dropped_total{alertmanager="http://am1/api/v2/alerts",reason="relabel"}`), "dropped by relabeling")
	})
}

// Two alerts that relabeling makes one: it fires while either does.
func TestRelabelingMayMergeAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		c := read(t, `
alert_relabel_configs:
- {regex: pod, action: labeldrop}
alertmanagers: [{static_configs: [{targets: [am1]}]}]
`)
		m := start(t, alerting.Options{Config: c, Transport: w})
		a, b := firing("A", time.Now()), firing("A", time.Now().Add(-time.Minute))
		a.Labels = labels.FromStrings("alertname", "A", "severity", "page", "pod", "1")
		b.Labels = labels.FromStrings("alertname", "A", "severity", "page", "pod", "2")
		m.Set([]slo.Alert{a, b})
		after(time.Second)
		equal(t, 1, len(w.hosts["am1"].sent()), "alerts sent")
		equal(t, b.FiredAt, time.Time(w.hosts["am1"].sent()[0].StartsAt).UnixMilli(), "startsAt: the older one's")
		m.Set([]slo.Alert{a, resolved(b, time.Now())})
		after(5 * time.Minute)
		equal(t, "firing A", w.hosts["am1"].story(), "told while one still fires")
		m.Set([]slo.Alert{resolved(a, time.Now())})
		after(time.Second)
		equal(t, "firing A, resolved A", w.hosts["am1"].story(), "told in the end")
		after(20 * time.Minute)
		equal(t, 0, len(m.Status()), "alerts left")
	})
}

func TestReloadKeepsAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(10 * time.Second)
		acked := m.Status()[0].Deliveries[0].FiringAcked

		if err := m.ApplyConfig(to("am1", "am2")); err != nil {
			t.Fatal(err)
		}
		after(time.Second)
		equal(t, 1, len(w.hosts["am1"].history()), "posts to the one there was")
		equal(t, 1, len(w.hosts["am2"].history()), "posts to the new one")
		equal(t, acked, m.Status()[0].Deliveries[0].FiringAcked, "first acknowledgement")

		// A configuration that is wrong changes nothing.
		bad := to("am1")
		bad.Alerting.AlertmanagerConfigs[0].HTTPClientConfig.TLSConfig.CAFile = "/does/not/exist"
		bad.Alerting.AlertmanagerConfigs = append(bad.Alerting.AlertmanagerConfigs, nil)
		if err := m.ApplyConfig(bad); err == nil {
			t.Error("want an error")
		}
		equal(t, 2, len(m.Alertmanagers().Active), "active")

		// One that goes is left alone, and its series go too.
		if err := m.ApplyConfig(to("am2")); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Minute)
		equal(t, 1, len(w.hosts["am1"].history()), "posts to the one that is gone")
		equal(t, -1, m.metric(series("sent_total", "am1")), "its metric")
		equal(t, -1, m.metric(series("queue", "am1")), "its queue metric")

		// A changed identity is news.
		w.hosts["am2"].clear()
		renamed := to("am2")
		renamed.ExternalLabels = labels.FromStrings("region", "eu")
		if err := m.ApplyConfig(renamed); err != nil {
			t.Fatal(err)
		}
		after(time.Second)
		equal(t, "alertname=A,region=eu,severity=page", sorted(w.hosts["am2"].sent()), "labels after")
	})
}

func TestOneAddressInTwoSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		c := read(t, `
alertmanagers:
- static_configs: [{targets: [am1]}]
  alert_relabel_configs: [{target_label: tenant, replacement: one}]
- static_configs: [{targets: [am1, am1]}]
  alert_relabel_configs: [{target_label: tenant, replacement: two}]
`)
		m := start(t, alerting.Options{Config: c, Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(time.Second)
		equal(t, "alertname=A,severity=page,tenant=one; alertname=A,severity=page,tenant=two", sorted(w.hosts["am1"].sent()), "labels")
		equal(t, 2, len(w.hosts["am1"].sent()), "alerts sent")
	})
}

func TestRefusedConfigurations(t *testing.T) {
	_, err := alerting.New(alerting.Options{Config: alerting.Config{Webhook: &alerting.Webhook{}}})
	if err == nil || !strings.Contains(err.Error(), "needs url or url_file") {
		t.Errorf("webhook without url: %v", err)
	}
	_, err = alerting.New(alerting.Options{Resend: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "shorter than 1s") {
		t.Errorf("resend of 1 ms: %v", err)
	}
	c := to("am1")
	c.Alerting.AlertmanagerConfigs = append(c.Alerting.AlertmanagerConfigs, (*config.AlertmanagerConfig)(nil))
	if _, err = alerting.New(alerting.Options{Config: c}); err == nil {
		t.Error("want an error for an empty entry")
	}
}

// The real thing: HTTP with basic auth, Alertmanagers named by a file that changes.
func TestFileDiscoveryAndAuth(t *testing.T) {
	got := make(chan string, 10)
	serve := func(name string) *httptest.Server {
		am := receiver.New(func(n receiver.Notification) { got <- name + " " + string(n.Alert.Labels["alertname"]) })
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, pass, _ := r.BasicAuth(); user != "slo" || pass != "burn" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			am.ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		return s
	}
	one, two := serve("one"), serve("two")
	dir := t.TempDir()
	name := func(servers ...*httptest.Server) {
		text := "- targets:\n"
		for _, s := range servers {
			text += "  - " + s.Listener.Addr().String() + "\n"
		}
		tmp := filepath.Join(dir, "new")
		if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, filepath.Join(dir, "ams.yml")); err != nil {
			t.Fatal(err)
		}
	}
	name(one)
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("burn"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := read(t, `
alertmanagers:
- file_sd_configs: [{files: [ams.yml]}]
  basic_auth: {username: slo, password_file: password}
`)
	c.Alerting.SetDirectory(dir)
	m := start(t, alerting.Options{Config: c})
	m.Set([]slo.Alert{firing("A", time.Now())})
	equal(t, "one A", within(t, got, 10*time.Second), "told first")
	name(one, two)
	equal(t, "two A", within(t, got, 10*time.Second), "told once the file names another")
	m.stop()

	// A test alert needs no Run.
	m2, err := alerting.New(alerting.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m2.SendTest(context.Background(), slo.Alert{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, 2, len(results), "results")
	for _, r := range results {
		equal(t, nil, r.Err, "error")
		equal(t, "active", r.State, "state")
		equal(t, "builtin", strings.Join(r.Receivers, " "), "receivers")
		if !strings.Contains(r.String(), "active, goes to builtin") {
			t.Errorf("line: %s", r)
		}
	}
}

func TestSendTestTellsWhatFails(t *testing.T) {
	w := newWire("am1", "am2")
	w.hosts["am2"].set(status(401))
	m, err := alerting.New(alerting.Options{Config: to("am1", "am2"), Transport: w})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m.SendTest(context.Background(), slo.Alert{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, nil, results[0].Err, "am1")
	if results[1].Err == nil || !strings.Contains(results[1].String(), "401 Unauthorized") {
		t.Errorf("am2: %s", results[1])
	}
	none, err := alerting.New(alerting.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.SendTest(context.Background(), slo.Alert{}); err == nil {
		t.Error("want an error without Alertmanagers")
	}
}

func within(t *testing.T, got <-chan string, d time.Duration) string {
	t.Helper()
	select {
	case s := <-got:
		return s
	case <-time.After(d):
		t.Fatal("nothing came")
		return ""
	}
}
