// Package slowburn_test holds the house rules of DESIGN.md §5 against the code.
package slowburn_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slowburn/slowburn"

// mayImport says into which other rooms a room's packages may reach. Within a
// room anything goes. Tests may join rooms: real before fake.
var mayImport = map[string][]string{
	"slo":      nil,
	"tsdb":     nil,
	"rules":    {"slo"},
	"alerting": {"slo"},
	"web":      {"slo"},
	"cmd":      {"slo", "tsdb", "rules", "alerting", "web", "deploy"},
	"deploy":   nil,
}

// unwanted are names that say nothing of the domain.
var unwanted = []string{"util", "utils", "common", "pkg", "internal", "config", "metrics", "helper", "helpers", "types", "base"}

type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

// room is the top folder of one of our packages.
func room(path string) (string, bool) {
	rest, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return "", false
	}
	name, _, _ := strings.Cut(rest, "/")
	return name, true
}

func TestImportsFormAStar(t *testing.T) {
	for _, p := range listPackages(t) {
		from, inRoom := room(p.ImportPath)
		if !inRoom {
			continue
		}
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("%s: DESIGN.md §5 has no room %q", p.ImportPath, from)
			continue
		}
		for _, path := range p.Imports {
			to, ours := room(path)
			if ours && to != from && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import only %q", p.ImportPath, path, from, allowed)
			}
		}
	}
}

func TestEveryPackageHasACharter(t *testing.T) {
	for _, p := range listPackages(t) {
		if len(p.GoFiles) == 0 {
			continue // Tests alone.
		}
		doc, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
			continue
		}
		name := filepath.Base(p.ImportPath)
		if p.ImportPath != module && !strings.HasPrefix(string(doc), "// Package "+name+" ") && !strings.HasPrefix(string(doc), "// Command "+name+" ") {
			t.Errorf("%s: doc.go does not open with the charter of %s", p.ImportPath, name)
		}
	}
}

func TestNamesSayTheDomain(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, part := range strings.Split(strings.TrimPrefix(p.ImportPath, module), "/") {
			if slices.Contains(unwanted, part) {
				t.Errorf("%s: a folder named %q says nothing of what is in it", p.ImportPath, part)
			}
		}
	}
}

// TestRoomTellsOursFromOthers guards the guard: a prefix is not yet a folder.
func TestRoomTellsOursFromOthers(t *testing.T) {
	for path, want := range map[string]string{
		module + "/tsdb/state":  "tsdb",
		module + "/cmd/x":       "cmd",
		module + "er/tsdb":      "",
		"github.com/prometheus": "",
	} {
		if have, _ := room(path); have != want {
			t.Errorf("room of %s: want %q, have %q", path, want, have)
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	var complaint strings.Builder
	list.Stderr = &complaint
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the module's packages: %v: %s", err, complaint.String())
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// TestCIRunsWhatTheReadmeSays: the README's second command is the first thing CI does.
func TestCIRunsWhatTheReadmeSays(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "\nmake test ") || !strings.HasSuffix(string(ci), "\nmake test\nmake e2e\n") {
		t.Errorf("want README.md to show make test, and .ci/run to end with make test and make e2e")
	}
}
