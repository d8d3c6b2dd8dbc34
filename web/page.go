package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"

	"github.com/prometheus/prometheus/util/httputil"
)

//go:embed static/page.css
var staticFiles embed.FS

//go:embed templates/page.html
var pageSource string

// pageTemplate escapes all it is given: text from labels is never HTML, and no
// style or script is inline, so that the Content-Security-Policy can forbid both.
var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page shows every budget, worst first; /objective those of one objective.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	q, err := parseBudgetQuery(r.URL.Query())
	if err != nil {
		badQuery(w, err)
		return
	}
	v := view{Version: h.o.Build.Version}
	if err := h.o.Ready(); err != nil {
		// The snapshots may not exist yet.
		v.NotReady = err.Error()
	} else {
		v.fill(h.o.Budgets(), h.o.Alerts(), q, r.URL.Query())
	}
	for _, e := range h.o.Errors() {
		v.Errors = append(v.Errors, e.Error())
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		h.o.Logger.Error("page not rendered", "err", err)
		http.Error(w, "page not rendered", http.StatusInternalServerError)
		return
	}
	httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = b.WriteTo(w)
	})}.ServeHTTP(w, r)
}

// static serves the embedded files by name; there is no directory to list.
func (h *Handler) static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := staticFiles.ReadFile(path.Join("static", path.Base(r.PathValue("file"))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(b)
	})
}
