package browser_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
)

var pictures = flag.Bool("pictures", false, "make docs/pictures from the demo's page")

// TestPictures makes the documentation's pictures: the demo while its page fires.
func TestPictures(t *testing.T) {
	if !*pictures {
		t.Skip("run by make pictures")
	}
	chromium := Start(t)
	base := Demo(t)
	proc.Until(t, 5*time.Minute, "the demo's page fires", func() error {
		text, err := get(base + "api/slo/v1/standing")
		if err == nil && !strings.Contains(text, `"pages":1`) {
			err = errors.New(text)
		}
		return err
	})
	const dir = "docs/pictures"
	p := chromium.Open(t, base, "now", Desk)
	p.See("acknowledged")
	p.ShotIn(dir, "now")
	p = chromium.Open(t, base, "?group=service&open="+`%5B"checkout","availability"%5D`, Desk)
	p.See("region=")
	p.Until("document.querySelectorAll('svg.spark path').length >= 6")
	p.ShotIn(dir, "overview")
	p = chromium.Open(t, base, objectivePath("checkout", "availability"), Screen{Width: 1360, Height: 900})
	p.Until("document.querySelectorAll('.plot canvas').length === 3")
	p.ShotIn(dir, "objective")
	p = chromium.Open(t, base, "status", Desk)
	p.See("Samples received", "answers")
	p.ShotIn(dir, "status")
	for _, name := range []string{"now", "overview", "objective", "status"} {
		file, err := os.Stat(filepath.Join(root, dir, name+".png"))
		if err != nil || file.Size() > 150_000 {
			t.Errorf("want a picture that a repository bears, have %v, %v", file, err)
		}
	}
}
