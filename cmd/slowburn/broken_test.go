package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrokenFiles checks every file of testdata/broken alone and compares what is said
// with the .want beside it: `make golden` writes those, so that adding a case needs no Go.
func TestBrokenFiles(t *testing.T) {
	t.Chdir("../../testdata/broken")
	files, err := filepath.Glob("*/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	formats := map[string]int{}
	for _, file := range files {
		formats[filepath.Dir(file)]++
		t.Run(file, func(t *testing.T) {
			var out bytes.Buffer
			r, err := check([]string{file}, "")
			if err != nil {
				t.Fatal(err)
			}
			r.sort()
			if err := r.print(streams{out: &out}, "text"); err != nil {
				t.Fatal(err)
			}
			if !r.failed(false) {
				t.Errorf("want it refused, have %s", out.String())
			}
			golden(t, strings.TrimSuffix(file, ".yml")+".want", out.String())
		})
	}
	for _, format := range []string{"native", "sloth", "pyrra", "openslo", "yaml"} {
		if formats[format] < 15 {
			t.Errorf("want 15 broken files or more of %s, have %d", format, formats[format])
		}
	}
	stale, err := filepath.Glob("*/*.want")
	if err != nil || len(stale) != len(files) {
		t.Errorf("want one .want for each of %d files, have %d, %v", len(files), len(stale), err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		t.Log("wrote", len(files), "files")
	}
}
