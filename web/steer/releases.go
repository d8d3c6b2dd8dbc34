package steer

import (
	"net/http"

	"github.com/slowburn/slowburn/slo/govern"
)

// mark notes a release: 201, or 200 if it was noted before.
func (h *handlers) mark(w http.ResponseWriter, r *http.Request) {
	var m govern.Mark
	if err := read(r, &m, true); err != nil {
		refuse(w, err)
		return
	}
	release, created, err := h.Mark(r.Context(), m, author(r))
	switch {
	case err != nil:
		refuse(w, err)
	case created:
		succeed(w, http.StatusCreated, release)
	default:
		succeed(w, http.StatusOK, release)
	}
}

// releases serves the newest releases first, and what the next would cost.
func (h *handlers) releases(w http.ResponseWriter, r *http.Request) {
	q, err := releaseQuery(r)
	if err != nil {
		refuse(w, err)
		return
	}
	page, next := h.Releases(q)
	var forecasts []govern.Forecast
	if q.Service != "" {
		forecasts = h.Forecasts(q.Service, q.Type)
	}
	succeed(w, http.StatusOK, struct {
		Releases  []govern.Release  `json:"releases"`
		Forecasts []govern.Forecast `json:"forecasts"`
		Next      string            `json:"next"`
	}{list(page), list(forecasts), next})
}

func releaseQuery(r *http.Request) (govern.ReleaseQuery, error) {
	p := &params{Values: r.URL.Query()}
	q := govern.ReleaseQuery{Service: p.Get("service"), Type: p.Get("type"), Limit: p.limit(), Before: p.Get("before")}
	q.StartMS, q.EndMS = p.span()
	return q, p.err
}

// annotations serves releases as Grafana takes annotations from a JSON source.
func (h *handlers) annotations(w http.ResponseWriter, r *http.Request) {
	q, err := releaseQuery(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if q.Limit == 0 {
		q.Limit = maxPage
	}
	page, _ := h.Releases(q)
	out := make([]govern.Annotation, 0, len(page))
	for i := range page {
		out = append(out, page[i].Annotation())
	}
	succeed(w, http.StatusOK, out)
}
