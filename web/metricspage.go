package web

import (
	"net/http"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/util/httputil"
)

// metricsPage writes our own sets, then what the gatherer has, as text.
func (h *Handler) metricsPage(w http.ResponseWriter, r *http.Request) {
	httputil.CompressionHandler{Handler: http.HandlerFunc(h.writeMetrics)}.ServeHTTP(w, r)
}

func (h *Handler) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, s := range h.o.Sets {
		s.WritePrometheus(w)
	}
	if h.o.Gatherer == nil {
		return
	}
	// Gather returns what it could collect besides the error.
	families, err := h.o.Gatherer.Gather()
	if err != nil {
		h.o.Logger.Warn("some metrics cannot be collected", "err", err)
	}
	enc := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return // the client has gone
		}
	}
}
