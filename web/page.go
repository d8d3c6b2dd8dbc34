package web

import (
	"io/fs"
	"mime"
	"net/http"
	"path"

	"github.com/prometheus/prometheus/util/httputil"

	"github.com/slowburn/slowburn/web/guard"
)

// notBuilt is shown where the UI was left out of the program.
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>slowburn</title>
<h1>slowburn</h1>
<p>This program was built without its user interface. Build it with <code>make ui</code> (it needs npm), then slowburn again.</p>
<p>All else works: <a href="api/slo/v1/budgets">budgets as JSON</a>, <a href="api/slo/v1/objectives">objectives as JSON</a>, <a href="metrics">metrics</a>.</p>
`

// pages are the UI's views. Each is index.html: the address says what it shows.
var pages = []string{"/{$}", "/objective", "/now", "/releases", "/status"}

func (h *Handler) pageRoutes() []Route {
	var routes []Route
	for _, p := range pages {
		routes = append(routes, Route{Path: p, Methods: getHead, Scope: guard.Read, Early: true, Handler: http.HandlerFunc(h.page)})
	}
	return append(routes, Route{Path: "/assets/{file}", Methods: getHead, Scope: guard.Open, Early: true, Handler: http.HandlerFunc(h.asset)})
}

// page serves the UI, which names its assets by their content: it alone is never
// cached.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	b, err := fs.ReadFile(h.o.UI, "index.html")
	if err != nil {
		b = []byte(notBuilt)
	}
	w.Header().Set("Cache-Control", "no-store")
	serveFile(w, r, "text/html; charset=utf-8", b)
}

// asset serves an embedded file by name; there is no directory to list.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.PathValue("file"))
	b, err := fs.ReadFile(h.o.UI, path.Join("assets", name))
	if err != nil {
		guard.Reject(w, http.StatusNotFound, "not_found", "no such file")
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	serveFile(w, r, mime.TypeByExtension(path.Ext(name)), b)
}

func serveFile(w http.ResponseWriter, r *http.Request, contentType string, b []byte) {
	httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b)
	})}.ServeHTTP(w, r)
}
