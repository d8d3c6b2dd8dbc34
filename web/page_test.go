package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slowburn/slowburn/web"
)

// TestEveryViewIsThePage: the address says which view is shown, and the page alone
// is never cached; its assets, named by their content, always are.
func TestEveryViewIsThePage(t *testing.T) {
	f := newFixture(t, nil)
	for path, want := range map[string]struct{ contentType, cache, text string }{
		"/":                                 {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
		"/objective?service=a&slo=b":        {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
		"/now":                              {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
		"/releases":                         {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
		"/status":                           {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
		"/assets/app.js":                    {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "export"},
		"/objective?service=%3Cscript%3E&x": {"text/html; charset=utf-8", "no-store", "./assets/app.js"},
	} {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want.text) || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%s: have %d %s", path, w.Code, w.Body)
		}
		if have := w.Header().Get("Content-Type"); have != want.contentType {
			t.Errorf("%s: want %s, have %s", path, want.contentType, have)
		}
		if have := w.Header().Get("Cache-Control"); have != want.cache {
			t.Errorf("%s: want %s, have %s", path, want.cache, have)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: have policy %q", path, csp)
		}
	}
}

// TestPageThatWasNotBuiltSaysHow: Go alone builds a slowburn that works.
func TestPageThatWasNotBuiltSaysHow(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.UI = fstest.MapFS{} })
	if status, page := f.ask(t, http.MethodGet, "/", nil); status != http.StatusOK || !strings.Contains(page, "make ui") {
		t.Errorf("have %d %s", status, page)
	}
	if status, _ := f.ask(t, http.MethodGet, "/assets/app.js", nil); status != http.StatusNotFound {
		t.Errorf("asset: have %d", status)
	}
}
