package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slowburn/slowburn/web/guard"
)

// mux serves exactly the routes of the table.
func (h *Handler) mux(routes []Route) (http.Handler, error) {
	mux := http.NewServeMux()
	byPath := map[string][]Route{}
	for _, r := range routes {
		if err := r.validate(); err != nil {
			return nil, err
		}
		byPath[r.Path] = append(byPath[r.Path], r)
	}
	for path, routes := range byPath {
		mux.Handle(path, h.dispatch(routes))
	}
	mux.Handle("/", h.notFound("no such path"))
	if h.o.RoutePrefix == "" {
		return mux, nil
	}
	outer := http.NewServeMux()
	outer.Handle(h.o.RoutePrefix+"/", http.StripPrefix(h.o.RoutePrefix, mux))
	outer.Handle("/{$}", http.RedirectHandler(h.o.RoutePrefix+"/", http.StatusFound))
	outer.Handle("/", h.notFound("no such path; everything is under "+h.o.RoutePrefix))
	return outer, nil
}

func (h *Handler) notFound(msg string) http.Handler {
	return h.metrics.handler("other", bounded(0, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		guard.Reject(w, http.StatusNotFound, "not_found", msg)
	})))
}

func (r *Route) validate() error {
	switch {
	case r.Handler == nil || len(r.Methods) == 0 || r.Scope == "":
		return fmt.Errorf("web: route %q lacks handler, methods or scope", r.Path)
	case r.Changes && (slices.Contains(r.Methods, http.MethodGet) || slices.Contains(r.Methods, http.MethodHead)):
		return fmt.Errorf("web: route %q changes state by GET", r.Path)
	case !r.Changes && r.Scope == guard.Write:
		return fmt.Errorf("web: route %q has scope write and changes nothing", r.Path)
	}
	return nil
}

// dispatch serves the routes of one path, each by its own methods.
func (h *Handler) dispatch(routes []Route) http.Handler {
	if len(routes) == 1 {
		return h.wrap(routes[0])
	}
	byMethod := map[string]http.Handler{}
	var all []string
	for _, r := range routes {
		wrapped := h.wrap(r)
		for _, m := range r.Methods {
			byMethod[m] = wrapped
		}
		all = append(all, r.Methods...)
	}
	other := h.metrics.handler(routes[0].Path, bounded(0, methods(all, nil)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if next := byMethod[r.Method]; next != nil {
			next.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

// wrap puts around a route's handler what stands before it, outermost last.
func (h *Handler) wrap(r Route) http.Handler {
	next := r.Handler
	switch r.Pool {
	case QueryPool:
		next = h.shed(h.queries.Handler(next))
	case SelectPool:
		next = h.shed(h.selects.Handler(next))
	}
	if !r.Early {
		next = h.whenReady(next)
	}
	next = h.auth.Require(r.Scope, next)
	if r.Changes {
		next = h.sameOrigin(next)
	}
	// Also around refusals: net/http reads the rest of a refused body.
	return h.metrics.handler(r.Path, bounded(r.MaxBody, methods(r.Methods, next)))
}

// bounded bounds a request's body; max 0 is enough for a form.
func bounded(max int64, next http.Handler) http.Handler {
	if max == 0 {
		max = formBody
	}
	return guard.Body{Max: max, Grace: bodyGrace, MinRate: minBodyRate}.Handler(next)
}

// methods answers 405 to others than these.
func methods(allowed []string, next http.Handler) http.Handler {
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(allowed, r.Method) {
			w.Header().Set("Allow", allow)
			guard.Reject(w, http.StatusMethodNotAllowed, "method_not_allowed", "want "+allow)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// whenReady answers 503 and why until we are ready.
func (h *Handler) whenReady(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.o.Ready(); err != nil {
			guard.Unavailable(w, "not ready: "+err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// shed answers 503 while memory is short.
func (h *Handler) shed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.o.Shed() {
			h.metrics.shed.Inc()
			guard.Unavailable(w, "memory is short: queries wait")
			return
		}
		next.ServeHTTP(w, r)
	})
}
