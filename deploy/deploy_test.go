// Package deploy_test runs the shipped examples through slowburn itself. Those for
// Prometheus and Alertmanager go through promtool, amtool and a real Alertmanager
// in testdata/e2e.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// pages are the README and the documentation.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"../README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil || len(more) == 0 {
			t.Fatalf("want pages at %s, have %v, %v", pattern, more, err)
		}
		found = append(found, more...)
	}
	return found
}

// TestDocumentedCommands asks slowburn for help with every command line of it that a
// page shows: a flag it does not know would be refused.
func TestDocumentedCommands(t *testing.T) {
	for _, page := range pages(t) {
		inShell := false
		for line := range strings.Lines(string(read(t, page))) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "```") {
				inShell = line == "```sh"
				continue
			}
			if args, ok := strings.CutPrefix(line, "slowburn "); inShell && ok {
				args, _, _ = strings.Cut(args, " #")
				out, err := exec.Command(bin, append(strings.Fields(args), "--help")...).CombinedOutput()
				if err != nil {
					t.Errorf("%s: slowburn %s: %v\n%s", page, args, err, out)
				}
			}
		}
	}
}

// TestDocumentedObjectives checks every SLO file that a page shows.
func TestDocumentedObjectives(t *testing.T) {
	found := 0
	for _, page := range pages(t) {
		rest := string(read(t, page))
		for {
			_, after, ok := strings.Cut(rest, "```yaml\n")
			if !ok {
				break
			}
			text, more, _ := strings.Cut(after, "```")
			rest = more
			if !strings.HasPrefix(strings.TrimSpace(text), "version: slowburn/v1") {
				continue
			}
			found++
			lines := strings.Split(text, "\n")
			indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
			for i, l := range lines {
				lines[i] = l[min(indent, len(l)):]
			}
			file := filepath.Join(t.TempDir(), "page.yml")
			if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(bin, "check", "--strict", file).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", page, err, out, text)
			}
		}
	}
	if found == 0 {
		t.Error("no page shows an objective")
	}
}

// TestLinks follows every relative link of a page.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(string(read(t, page)), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link %s leads nowhere", page, m[1])
			}
		}
	}
}
