package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLint checks every file of testdata/lint: it has what its name says, and all that
// is found in it is in the .want beside it (`make golden`). Adding a case needs no Go.
func TestLint(t *testing.T) {
	listed := rows(t, "check.md", 3)
	t.Chdir("../../testdata/lint")
	files, err := filepath.Glob("*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yml")
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r, err := check([]string{file}, "")
			if err != nil {
				t.Fatal(err)
			}
			r.sort()
			if err := r.print(streams{out: &out}, "text"); err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.items, func(i item) bool { return i.Check == name }) {
				t.Errorf("want %s among what is found, have %s", name, out.String())
			}
			for _, i := range r.items {
				if !slices.ContainsFunc(listed, func(row []string) bool { return row[0] == i.Check && row[1] == i.Level }) {
					t.Errorf("docs/reference/check.md has no row of %s, %s", i.Check, i.Level)
				}
			}
			golden(t, name+".want", out.String())
		})
	}
	for _, row := range listed {
		if strings.HasPrefix(row[2], "files") && !slices.Contains(files, row[0]+".yml") {
			t.Errorf("testdata/lint has no %s.yml, which docs/reference/check.md lists", row[0])
		}
	}
}
