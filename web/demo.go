package web

import (
	"net/http"

	"github.com/slowburn/slowburn/web/guard"
)

// Demo is what the demo's page may do to what it watches. The shop of
// `slowburn demo` is one.
type Demo interface {
	// Break makes the shop fail, or heals it.
	Break(broken bool)
	// State is how the shop is.
	State() DemoState
}

// DemoState is how the demo's shop is, and how to do it for real.
type DemoState struct {
	// Broken says that the shop fails now; What says where.
	Broken bool   `json:"broken"`
	What   string `json:"what"`
	// Snippet is what to type for one's own services.
	Snippet string `json:"snippet"`
}

// demoRoutes exist in the demo alone.
func (h *Handler) demoRoutes() []Route {
	if h.o.Demo == nil {
		return nil
	}
	return []Route{
		{Path: "/api/slo/v1/demo", Methods: get, Scope: guard.Read, Handler: http.HandlerFunc(h.demoState)},
		{Path: "/api/slo/v1/demo/break", Methods: post, Scope: guard.Admin, Changes: true, Handler: h.demoBreak(true)},
		{Path: "/api/slo/v1/demo/heal", Methods: post, Scope: guard.Admin, Changes: true, Handler: h.demoBreak(false)},
	}
}

func (h *Handler) demoState(w http.ResponseWriter, _ *http.Request) { succeed(w, h.o.Demo.State()) }

func (h *Handler) demoBreak(broken bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.o.Demo.Break(broken)
		h.demoState(w, r)
	})
}
