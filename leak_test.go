package slowburn_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhoStartsGoroutinesLooksForLeaks: the tests of a package that starts a goroutine
// end with goleak.
func TestWhoStartsGoroutinesLooksForLeaks(t *testing.T) {
	looked := 0
	for _, p := range listPackages(t) {
		where := ""
		for _, name := range p.GoFiles {
			if at := startsGoroutine(t, filepath.Join(p.Dir, name)); at != "" {
				where = at
			}
		}
		if where == "" {
			continue
		}
		looked++
		tests, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range tests {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "goleak.")
		}
		if !found {
			t.Errorf("%s starts a goroutine and its tests do not end with goleak", where)
		}
	}
	if looked == 0 {
		t.Error("no package starts a goroutine: that cannot be")
	}
}

// startsGoroutine is where a file has a go statement, or calls Go of a group.
func startsGoroutine(t *testing.T, file string) string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	where := ""
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			where = files.Position(n.Pos()).String()
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
				where = files.Position(n.Pos()).String()
			}
		}
		return where == ""
	})
	return where
}
