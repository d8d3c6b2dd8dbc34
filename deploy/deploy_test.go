// Package deploy_test runs the shipped examples through slowburn itself. Those for
// Prometheus and Alertmanager go through promtool, amtool and a real Alertmanager
// in testdata/e2e.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v2"
)

// bin is the program, built for these tests.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "slowburn")
	if err != nil {
		panic(err)
	}
	bin = filepath.Join(dir, "slowburn")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/slowburn").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build slowburn: %v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// slowburn runs the program; it must exit with 0.
func slowburn(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(bin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("slowburn %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestConfigurationAndSLOFilesPassCheck(t *testing.T) {
	if have, want := slowburn(t, "check", "--strict", "slowburn.yml"), "2 objectives, 0 errors, 0 warnings\n"; have != want {
		t.Errorf("want %q, have %q", want, have)
	}
}

// TestPrometheusSendsWhatObjectivesNeed compares the shipped remote_write with what
// slowburn prints for the shipped SLO files.
func TestPrometheusSendsWhatObjectivesNeed(t *testing.T) {
	block := func(text []byte) any {
		var file struct {
			RemoteWrite any            `yaml:"remote_write"`
			Rest        map[string]any `yaml:",inline"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		return file.RemoteWrite
	}
	want := block([]byte(slowburn(t, "print", "remote-write", "--config.file=slowburn.yml", "--protocol=2.0")))
	if diff := cmp.Diff(want, block(read(t, "prometheus.yml"))); diff != "" {
		t.Errorf("prometheus.yml: remote_write differs from what `slowburn print remote-write` says (-want +have):\n%s", diff)
	}
}

// TestUnitStartsSlowburnWithFlagsItKnows asks slowburn for help with the unit's
// flags: an unknown one would be refused.
func TestUnitStartsSlowburnWithFlagsItKnows(t *testing.T) {
	for line := range strings.Lines(string(read(t, "systemd/slowburn.service"))) {
		command, ok := strings.CutPrefix(line, "ExecStart=/usr/local/bin/slowburn ")
		if !ok {
			continue
		}
		slowburn(t, append(strings.Fields(command), "--help")...)
		return
	}
	t.Error("the unit has no ExecStart that runs slowburn")
}

// TestGrafanaDataSource reads the provisioning file into the fields that Grafana
// documents for it: an unknown key would be ignored by Grafana without a word.
func TestGrafanaDataSource(t *testing.T) {
	var have struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			JSONData                     struct {
				HTTPMethod     string `yaml:"httpMethod"`
				PrometheusType string `yaml:"prometheusType"`
				TimeInterval   string `yaml:"timeInterval"`
				ManageAlerts   bool   `yaml:"manageAlerts"`
			} `yaml:"jsonData"`
		}
	}
	if err := yaml.UnmarshalStrict(read(t, "grafana/provisioning/datasources/slowburn.yml"), &have); err != nil {
		t.Fatal(err)
	}
	if len(have.Datasources) != 1 {
		t.Fatalf("want one data source, have %d", len(have.Datasources))
	}
	if d := have.Datasources[0]; d.Type != "prometheus" || d.URL != "http://127.0.0.1:9797" {
		t.Errorf("want a data source of type prometheus at slowburn's default address, have %s at %s", d.Type, d.URL)
	}
}

// TestReadmeCommands asks slowburn for help with every command line of it that the
// README shows: a flag it does not know would be refused.
func TestReadmeCommands(t *testing.T) {
	found := 0
	inShell := false
	for line := range strings.Lines(string(read(t, "../README.md"))) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inShell = line == "```sh"
			continue
		}
		if args, ok := strings.CutPrefix(line, "slowburn "); inShell && ok {
			slowburn(t, append(strings.Fields(args), "--help")...)
			found++
		}
	}
	if found == 0 {
		t.Error("the README shows no command line of slowburn")
	}
}

// TestReadmeObjective checks the objective that the README shows.
func TestReadmeObjective(t *testing.T) {
	_, rest, _ := strings.Cut(string(read(t, "../README.md")), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no objective")
	}
	file := filepath.Join(t.TempDir(), "readme.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if have, want := slowburn(t, "check", "--strict", file), "1 objective, 0 errors, 0 warnings\n"; have != want {
		t.Errorf("want %q, have %q", want, have)
	}
}
