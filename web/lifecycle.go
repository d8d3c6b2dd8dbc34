package web

import (
	"io"
	"net/http"

	"github.com/slowburn/slowburn/web/guard"
)

func (h *Handler) healthy(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "slowburn is healthy.\n")
}

// ready answers 503 and why until all is recovered. An Alertmanager that does
// not answer is no reason: that must not cut off ingest.
func (h *Handler) ready(w http.ResponseWriter, _ *http.Request) {
	if err := h.o.Ready(); err != nil {
		plain(w, http.StatusServiceUnavailable, "slowburn is not ready: "+err.Error()+"\n")
		return
	}
	plain(w, http.StatusOK, "slowburn is ready.\n")
}

func (h *Handler) reload(w http.ResponseWriter, r *http.Request) {
	if !h.o.EnableLifecycle {
		guard.Reject(w, http.StatusForbidden, "lifecycle_disabled", "reload over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP")
		return
	}
	if err := h.o.Reload(r.Context()); err != nil {
		h.metrics.reloadFailed.Inc()
		plain(w, http.StatusInternalServerError, "reload: "+err.Error()+"\n")
		return
	}
	plain(w, http.StatusOK, "reloaded\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
