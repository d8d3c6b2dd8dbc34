package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/slowburn/slowburn/web/guard"
)

type webMetrics struct {
	set    *metrics.Set
	logger *slog.Logger
	// unauthorized and forbidden count refused requests by their status.
	unauthorized, forbidden *metrics.Counter
	// evicted and refused count connections closed at the limit: idle ones that
	// gave way, new ones for which none would.
	evicted, refused *metrics.Counter
	noSlot, shed     *metrics.Counter
	// staleCert counts TLS handshakes for which the files could not be used.
	staleCert    *metrics.Counter
	panics       *metrics.Counter
	reloadFailed *metrics.Counter
}

func newMetrics(set *metrics.Set, logger *slog.Logger) *webMetrics {
	return &webMetrics{
		set:          set,
		logger:       logger,
		unauthorized: set.NewCounter(`slowburn_http_auth_rejected_total{code="401"}`),
		forbidden:    set.NewCounter(`slowburn_http_auth_rejected_total{code="403"}`),
		evicted:      set.NewCounter(`slowburn_http_connections_closed_total{reason="idle"}`),
		refused:      set.NewCounter(`slowburn_http_connections_closed_total{reason="busy"}`),
		noSlot:       set.NewCounter(`slowburn_queries_refused_total{reason="concurrency"}`),
		shed:         set.NewCounter(`slowburn_queries_refused_total{reason="memory"}`),
		staleCert:    set.NewCounter(`slowburn_http_certificate_errors_total`),
		panics:       set.NewCounter(`slowburn_http_panics_total`),
		reloadFailed: set.NewCounter(`slowburn_http_reload_failures_total`),
	}
}

func (m *webMetrics) watch(set *metrics.Set, h *Handler) {
	set.NewGauge(`slowburn_http_connections`, func() float64 { return float64(h.conns.Len()) })
	set.NewGauge(`slowburn_queries_active{pool="query"}`, func() float64 { return float64(h.queries.Active()) })
	set.NewGauge(`slowburn_queries_active{pool="select"}`, func() float64 { return float64(h.selects.Active()) })
}

func (m *webMetrics) rejected(status int) {
	if status == http.StatusUnauthorized {
		m.unauthorized.Inc()
		return
	}
	m.forbidden.Inc()
}

func (m *webMetrics) connClosed(reason string) {
	if reason == "idle" {
		m.evicted.Inc()
		return
	}
	m.refused.Inc()
}

// handler counts and times a route's requests. route comes from the table, and
// the status is what a handler sent: both are few. A panic is logged and answered
// 500, or, if the answer has begun, cut off.
func (m *webMetrics) handler(route string, next http.Handler) http.Handler {
	seconds := m.set.GetOrCreatePrometheusHistogram(fmt.Sprintf(`slowburn_http_request_duration_seconds{route=%q}`, route))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			seconds.UpdateDuration(start)
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				m.panics.Inc()
				m.logger.Error("handler panicked", "route", route, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					guard.Reject(rec, http.StatusInternalServerError, "internal", "internal error")
					p = nil
				}
			}
			m.set.GetOrCreateCounter(fmt.Sprintf(`slowburn_http_requests_total{route=%q,code="%s"}`, route, rec.code())).Inc()
			if p != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for upstream's remote read, which asks for an http.Flusher.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

func (r *recorder) code() string {
	if r.status == 0 {
		return "200"
	}
	return strconv.Itoa(r.status)
}
