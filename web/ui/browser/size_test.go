package browser_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestScriptsAreSmall holds the page's JavaScript to 120 kB gzipped, and the page
// itself to files of its own: nothing inline, nothing from elsewhere.
func TestScriptsAreSmall(t *testing.T) {
	dist := Built(t)
	scripts, err := filepath.Glob(filepath.Join(dist, "assets/*.js"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("want scripts in %s, have %v, %v", dist, scripts, err)
	}
	var packed bytes.Buffer
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("JavaScript: %d bytes gzipped", packed.Len())
	if packed.Len() > 120_000 {
		t.Errorf("want at most 120,000 bytes of JavaScript gzipped, have %d", packed.Len())
	}
	index, err := os.ReadFile(filepath.Join(dist, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`<style`, `<script>`, ` style=`, ` on[a-z]+=`, `(src|href)="(https?:|/)`} {
		if found := regexp.MustCompile(bad).Find(index); found != nil {
			t.Errorf("index.html has %q", found)
		}
	}
}
