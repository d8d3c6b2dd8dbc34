//go:build e2e

package compliance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

const (
	suite = "github.com/prometheus/compliance/remotewrite/receiver@v0.0.0-20260806071727-67b8327a2e93"
	sum   = "h1:VPMEZpXBAlaQrdz+ER6AQ9ArmxkYSy/SxkUixEwtH3Q="
)

// config keeps whatever the suite sends, and needs some objective to start with.
const (
	config = "slo_files: [slos/*.yml]\ningest: {keep: all}\n"
	slo    = "version: slowburn/v1\nservice: s\nobjectives: [{name: o, target: 99, sli: {events: {bad: 'x_total{code=\"500\"}', total: x_total}}}]\n"
)

// TestReceiver passes if the whole suite does.
func TestReceiver(t *testing.T) {
	dir := fetch(t)
	s := rig.NewSlowburn(t, config, map[string]string{"slo.yml": slo})
	s.Start()
	s.Ready(30 * time.Second)

	senders := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("remote_write: [{name: slowburn, url: 'http://%s/api/v1/write'}]\n", s.Addr)
	if err := os.WriteFile(senders, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-v", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE="+senders)
	out, err := cmd.CombinedOutput()
	for _, line := range regexp.MustCompile(`(?m)^.*--- (FAIL|SKIP).*$`).FindAll(out, -1) {
		t.Logf("%s", line)
	}
	passed := len(regexp.MustCompile(`(?m)--- PASS: `).FindAll(out, -1))
	if err != nil || passed == 0 {
		t.Fatalf("the suite: %v\n%s", err, out[max(0, len(out)-4000):])
	}
	t.Logf("%d tests of the suite passed", passed)
}

// fetch gives a copy of the suite that can be written to.
func fetch(t *testing.T) string {
	cmd := exec.Command("go", "mod", "download", "-json", suite)
	cmd.Dir = t.TempDir() // in no module
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("download the suite: %v: %s", err, out)
	}
	var got struct{ Dir, Sum string }
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&got); err != nil {
		t.Fatalf("download the suite: %v", err)
	}
	if got.Sum != sum {
		t.Fatalf("checksum of the suite: want %s, have %s", sum, got.Sum)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(got.Dir)); err != nil {
		t.Fatalf("copy the suite: %v", err)
	}
	return dir
}
