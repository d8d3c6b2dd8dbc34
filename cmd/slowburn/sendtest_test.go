package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slowburn/slowburn/alerting/receiver"
)

// TestSendTest posts the test alert to one Alertmanager that takes it and one that is
// not there: both are shown, and the exit code says that not all is well.
func TestSendTest(t *testing.T) {
	told := 0
	am := httptest.NewServer(receiver.New(func(receiver.Notification) { told++ }))
	defer am.Close()
	good := strings.TrimPrefix(am.URL, "http://")
	for name, c := range map[string]struct {
		targets string
		want    int
		says    string
	}{
		"all well": {good, exitOK, am.URL},
		"one gone": {good + "', '127.0.0.1:1", exitFailed, "127.0.0.1:1"},
	} {
		file := filepath.Join(t.TempDir(), "slowburn.yml")
		text := "slo_files: [slos/*.yml]\nalerting:\n  alertmanagers:\n    - static_configs: [{targets: ['" + c.targets + "']}]\n"
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if have := execute([]string{"check", "--send-test", file}, streams{&out, &errs}); have != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: want exit code %d and %q, have %d\n%s%s", name, c.want, c.says, have, &out, &errs)
		}
	}
	if told == 0 {
		t.Error("want the Alertmanager told")
	}
}
