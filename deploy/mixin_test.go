package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-jsonnet"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v2"
)

// render evaluates a field of the mixin.
func render(t *testing.T, expr string, to any) {
	t.Helper()
	text, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("test.jsonnet", "(import 'mixin/mixin.libsonnet')."+expr)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		t.Fatal(err)
	}
}

// rendered compares a file with what the mixin makes of it, or rewrites it.
func rendered(t *testing.T, file string, want []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), string(read(t, file))); diff != "" {
		t.Errorf("%s differs from the mixin; `make golden` writes it again (-mixin +file):\n%s", file, diff)
	}
}

func TestDashboardsAreTheMixins(t *testing.T) {
	var dashboards map[string]json.RawMessage
	render(t, "grafanaDashboards", &dashboards)
	files, err := filepath.Glob("grafana/dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := dashboards[filepath.Base(f)]; !ok {
			t.Errorf("%s is not of the mixin", f)
		}
	}
	for name, text := range dashboards {
		var d any
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		pretty, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		rendered(t, filepath.Join("grafana/dashboards", name), append(pretty, '\n'))
	}
}

// TestDashboardPanelsFit holds what Grafana would show crooked or not at all: panels
// that overlap or leave the 24 columns, ids that are not unique.
func TestDashboardPanelsFit(t *testing.T) {
	var dashboards map[string]struct {
		UID    string `json:"uid"`
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			GridPos struct{ X, Y, W, H int }
		}
	}
	render(t, "grafanaDashboards", &dashboards)
	for name, d := range dashboards {
		var ids []int
		taken := map[[2]int]string{}
		for _, p := range d.Panels {
			if slices.Contains(ids, p.ID) {
				t.Errorf("%s: %q: id %d is taken", name, p.Title, p.ID)
			}
			ids = append(ids, p.ID)
			g := p.GridPos
			if g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
				t.Errorf("%s: %q lies outside the grid: %+v", name, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %q lies on %q", name, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
		if len(ids) == 0 {
			t.Errorf("%s has no panels", name)
		}
	}
}

const rulesHead = `# Rules for the Prometheus beside slowburn, rendered from the mixin in ../mixin: they
# say when slowburn itself is gone, deaf, mute or runs with old files.
`

func TestRulesAreTheMixins(t *testing.T) {
	var alerts yaml.MapSlice
	text, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("test.jsonnet", "(import 'mixin/mixin.libsonnet').prometheusAlerts")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(text), &alerts); err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	rendered(t, "rules/slowburn.yml", append([]byte(rulesHead), out...))
	if _, errs := rulefmt.Parse(out, false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil); len(errs) > 0 {
		t.Errorf("rules: %v", errs)
	}
}

// TestGrafanaDashboardProvider reads the provisioning file into the fields that
// Grafana documents for it.
func TestGrafanaDashboardProvider(t *testing.T) {
	var have struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type string
			Options            struct{ Path string }
		}
	}
	if err := yaml.UnmarshalStrict(read(t, "grafana/provisioning/dashboards/slowburn.yml"), &have); err != nil {
		t.Fatal(err)
	}
	if len(have.Providers) != 1 || have.Providers[0].Type != "file" || have.Providers[0].Options.Path == "" {
		t.Errorf("want one provider of type file with a path, have %+v", have.Providers)
	}
}
