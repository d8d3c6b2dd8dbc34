package steer

import (
	"net/http"

	"github.com/slowburn/slowburn/slo/govern"
)

// override lets a service's releases through for a while.
func (h *handlers) override(w http.ResponseWriter, r *http.Request) {
	var q govern.OverrideRequest
	if err := read(r, &q, true); err != nil {
		refuse(w, err)
		return
	}
	o, err := h.Override(q, author(r))
	if err != nil {
		refuse(w, err)
		return
	}
	succeed(w, http.StatusCreated, o)
}

// revoke ends an override early.
func (h *handlers) revoke(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID string `json:"id"`
	}
	if err := read(r, &q, true); err != nil {
		refuse(w, err)
		return
	}
	o, err := h.Revoke(q.ID, author(r))
	if err != nil {
		refuse(w, err)
		return
	}
	succeed(w, http.StatusOK, o)
}

// overrides serves those in force, and with ended=true all.
func (h *handlers) overrides(w http.ResponseWriter, r *http.Request) {
	p := &params{Values: r.URL.Query()}
	ended := p.flag("ended")
	if p.err != nil {
		refuse(w, p.err)
		return
	}
	succeed(w, http.StatusOK, struct {
		Overrides []govern.Override `json:"overrides"`
	}{list(h.Overrides(p.Get("service"), ended))})
}

// audit serves the newest entries first.
func (h *handlers) audit(w http.ResponseWriter, r *http.Request) {
	p := &params{Values: r.URL.Query()}
	q := govern.AuditQuery{
		Service: p.Get("service"), Author: p.Get("author"), Action: p.Get("action"),
		Limit: p.limit(), Before: p.Get("before"),
	}
	q.StartMS, q.EndMS = p.span()
	if p.err != nil {
		refuse(w, p.err)
		return
	}
	page, next := h.Audit(q)
	succeed(w, http.StatusOK, struct {
		Entries []govern.Entry `json:"entries"`
		Next    string         `json:"next"`
	}{list(page), next})
}
