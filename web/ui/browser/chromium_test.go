package browser_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// root is the repository's top: tests run in web/ui/browser.
const root = "../../.."

// missing skips a test, loudly; in CI nothing may be missing.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("NOT TESTED: %s", what)
	}
	t.Skipf("NOT TESTED: %s", what)
}

// Built is the folder of the built page.
func Built(t testing.TB) string {
	t.Helper()
	dist := filepath.Join(root, "web/ui/dist")
	if _, err := os.Stat(filepath.Join(dist, "index.html")); err != nil {
		missing(t, "the page is not built: make ui")
	}
	return dist
}

// Chromium is a running browser.
type Chromium struct{ ctx context.Context }

// Start starts one with a fresh profile that asks nobody outside for anything.
func Start(t testing.TB) Chromium {
	t.Helper()
	Built(t)
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		missing(t, "no Chromium is installed")
	}

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, close := chromedp.NewContext(ctx)
	t.Cleanup(close)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return Chromium{browser}
}
