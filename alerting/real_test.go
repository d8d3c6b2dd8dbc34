package alerting_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// A real Alertmanager with a webhook behind it: one page begins while it is down,
// it is killed and comes back empty, slowburn restarts, the page ends. The webhook
// is told once of each. A bad alert is beside the page all the time.
func TestRealAlertmanager(t *testing.T) {
	binary, err := filepath.Abs("../bin/peers/alertmanager")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Skip("no Alertmanager at bin/peers/alertmanager")
	}
	told := make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- message(r) }))
	defer hook.Close()
	dir, address := t.TempDir(), freePort(t)
	conf := filepath.Join(dir, "am.yml")
	text := fmt.Sprintf(`
route: {receiver: hook, group_by: ['...'], group_wait: 1s, group_interval: 1s, repeat_interval: 24h}
receivers: [{name: hook, webhook_configs: [{url: %q, send_resolved: true}]}]
`, hook.URL)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	st := newStore()
	o := alerting.Options{Config: to(address), Store: st}
	m := start(t, o)
	page := firing("Page", time.Now())
	bad := firing("Bad", time.Now())
	bad.Annotations = labels.EmptyLabels()
	bad.GeneratorURL = ""
	bad.Labels = labels.FromStrings("alertname", "Bad", "", "a label without a name")
	m.Set([]slo.Alert{page, bad})

	am := runAlertmanager(t, binary, conf, dir, address)
	equal(t, "firing Page", within(t, told, 20*time.Second), "told after it came up")
	// Its second look at the page follows its note of the first.
	await(t, 10*time.Second, func() bool { return says(t, address, "/metrics", "alertmanager_nflog_queries_total 2") })
	am.kill(t, true)
	am = runAlertmanager(t, binary, conf, dir, address)
	await(t, 20*time.Second, func() bool {
		return m.Alertmanagers().Active[0].Answers && says(t, address, "/api/v2/alerts", `"Page"`)
	})
	m.stop()
	m = start(t, o)
	await(t, 5*time.Second, func() bool { return len(m.Status()) == 2 && !m.LastAck().IsZero() })
	results, err := m.SendTest(context.Background(), slo.Alert{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, nil, results[0].Err, "test alert")
	equal(t, "hook", fmt.Sprint(results[0].Receivers[0]), "its receiver")
	equal(t, "firing SLOTest", within(t, told, 10*time.Second), "told of the test")
	m.Set([]slo.Alert{resolved(page, time.Now()), bad})
	equal(t, "resolved Page", within(t, told, 10*time.Second), "told in the end")
	select {
	case s := <-told:
		t.Errorf("told %q as well", s)
	case <-time.After(3 * time.Second):
	}
	equal(t, 1, m.Alertmanagers().Active[0].Quarantined, "quarantined")
	m.stop()
	am.kill(t, false)
}

type process struct{ cmd *exec.Cmd }

func runAlertmanager(t *testing.T, binary, conf, dir, address string) process {
	t.Helper()
	cmd := exec.Command(binary, "--config.file="+conf, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := process{cmd}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			p.kill(t, true)
		}
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return p
}

// kill ends the process. Only if gently does it keep its notification log, which it
// writes then and every 15 minutes.
func (p process) kill(t *testing.T, gentle bool) {
	t.Helper()
	sig := os.Kill
	if gentle {
		sig = os.Interrupt
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// says whether the Alertmanager's answer contains text.
func says(t *testing.T, address, path, text string) bool {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return bytes.Contains(body, []byte(text))
}

func await(t *testing.T, d time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
