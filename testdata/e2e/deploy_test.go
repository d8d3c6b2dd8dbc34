//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

const deploy = "../../deploy/"

// tool runs one of the peers' tools; it must exit with 0.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(rig.Peer(t, name), args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func TestDeployPassesUpstreamsTools(t *testing.T) {
	tool(t, "promtool", "check", "config", deploy+"prometheus.yml")
	tool(t, "amtool", "check-config", deploy+"alertmanager.yml")
}

func TestDeployRoutes(t *testing.T) {
	for labels, receiver := range map[string]string{
		"alertname=SLOErrorBudgetBurn severity=page slo=availability service=checkout": "pager",
		"alertname=SLOErrorBudgetBurn severity=ticket slo=availability service=search": "tickets",
		"alertname=SearchHighErrorRate sloth_severity=page severity=page":              "pager",
		"alertname=SLODataMissing severity=page":                                       "pager",
		"alertname=SLOErrorBudgetPolicy severity=ticket owner=team-payments":           "owners",
		"alertname=SLOWatchdog severity=none":                                          "watchdog",
	} {
		tool(t, "amtool", append([]string{"config", "routes", "test", "--config.file=" + deploy + "alertmanager.yml",
			"--verify.receivers=" + receiver}, strings.Fields(labels)...)...)
	}
}

// TestDeployInhibits puts pages and tickets into a real Alertmanager with the
// shipped configuration and asks it which it holds back.
func TestDeployInhibits(t *testing.T) {
	config, err := os.ReadFile(deploy + "alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	am := rig.StartAlertmanagerWith(t, string(config))
	burn := func(slo, severity string) map[string]string {
		return map[string]string{"alertname": "SLOErrorBudgetBurn", "service": "shop", "slo": slo, "severity": severity}
	}
	missing := func(slo string) map[string]string {
		return map[string]string{"alertname": "SLODataMissing", "service": "shop", "slo": slo, "severity": "no-data"}
	}
	sloth := func(id, severity string) map[string]string {
		return map[string]string{"alertname": "ShopErrors", "sloth_id": id, "sloth_severity": severity}
	}
	type wire struct {
		Labels map[string]string `json:"labels"`
	}
	body, err := json.Marshal([]wire{
		{burn("availability", "page")}, {burn("availability", "ticket")}, {burn("latency", "ticket")},
		{missing("availability")}, {missing("latency")},
		{sloth("shop-a", "page")}, {sloth("shop-a", "ticket")}, {sloth("shop-b", "ticket")},
	})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+am.Addr+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()

	want := map[string]bool{
		"availability page": false, "availability ticket": true, "latency ticket": false,
		"availability no-data": true, "latency no-data": false,
		"shop-a page": false, "shop-a ticket": true, "shop-b ticket": false,
	}
	// Alertmanager notes an inhibition when the alert's group is first due.
	proc.Until(t, 30*time.Second, "Alertmanager holds back the tickets of what is paged", func() error {
		resp, err := http.Get("http://" + am.Addr + "/api/v2/alerts")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var alerts []struct {
			Labels map[string]string `json:"labels"`
			Status struct {
				InhibitedBy []string `json:"inhibitedBy"`
			} `json:"status"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&alerts); err != nil {
			return err
		}
		have := map[string]bool{}
		for _, a := range alerts {
			name := a.Labels["slo"] + a.Labels["sloth_id"] + " " + a.Labels["severity"] + a.Labels["sloth_severity"]
			have[name] = len(a.Status.InhibitedBy) > 0
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			return fmt.Errorf("want inhibited %v, have %v", want, have)
		}
		return nil
	})
}

// TestSendTest posts the test alert to a real Alertmanager with the shipped
// configuration, which says what it does with it, before a silence and under one.
func TestSendTest(t *testing.T) {
	config, err := os.ReadFile(deploy + "alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	am := rig.StartAlertmanagerWith(t, string(config))
	s := rig.NewSlowburn(t, rig.FeedConfig(am.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	says := func(want string) {
		t.Helper()
		out, err := s.Run("check", "--send-test", "slowburn.yml")
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("want %q, have %v and\n%s", want, err, out)
		}
	}
	says("goes to tickets")
	tool(t, "amtool", "--alertmanager.url=http://"+am.Addr, "silence", "add", "alertname=SLOTest", "--author=e2e", "--comment=a test", "--duration=1h")
	// Alertmanager marks what it holds when the alert's group is next due.
	proc.Until(t, 30*time.Second, "the silence is told", func() error {
		out, err := s.Run("check", "--send-test", "slowburn.yml")
		if err == nil && !strings.Contains(out, "silenced by") {
			err = fmt.Errorf("have %s", out)
		}
		return err
	})
	am.Kill()
	if out, err := s.Run("check", "--send-test", "slowburn.yml"); err == nil || !strings.Contains(out, "refused") {
		t.Errorf("want it said that nobody listens, have %v and\n%s", err, out)
	}
}
