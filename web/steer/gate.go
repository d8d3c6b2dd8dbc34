package steer

import (
	"net/http"
	"net/url"

	"github.com/slowburn/slowburn/slo/govern"
)

// policies serves where policies stand, filtered by service and slo.
func (h *handlers) policies(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	succeed(w, http.StatusOK, struct {
		Policies []govern.PolicyStatus `json:"policies"`
	}{list(h.Policies(q.Get("service"), q.Get("slo")))})
}

// gate answers with 200 whatever the verdict is.
func (h *handlers) gate(w http.ResponseWriter, r *http.Request) {
	q, err := gateQuery(r.URL.Query())
	if err != nil {
		refuse(w, err)
		return
	}
	a, err := h.Gate(r.Context(), q)
	if err != nil {
		refuse(w, err)
		return
	}
	succeed(w, http.StatusOK, a)
}

// webhook is the gate for those who look at the status alone, such as Flagger: 200 to
// go, 412 to stop, 424 when too little is known. What Flagger posts is read: its
// metadata are the gate's parameters, and the service is the canary's name unless
// metadata or the URL say otherwise.
func (h *handlers) webhook(w http.ResponseWriter, r *http.Request) {
	var hook struct {
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := read(r, &hook, false); err != nil {
		refuse(w, err)
		return
	}
	values := r.URL.Query()
	for k, v := range hook.Metadata {
		if !values.Has(k) {
			values.Set(k, v)
		}
	}
	if !values.Has("service") {
		values.Set("service", hook.Name)
	}
	q, err := gateQuery(values)
	if err != nil {
		refuse(w, err)
		return
	}
	a, err := h.Gate(r.Context(), q)
	if err != nil {
		refuse(w, err)
		return
	}
	status := map[govern.Verdict]int{govern.Pass: http.StatusOK, govern.Fail: http.StatusPreconditionFailed, govern.Unknown: http.StatusFailedDependency}
	succeed(w, status[a.Decision], a)
}

func gateQuery(v url.Values) (govern.GateQuery, error) {
	p := &params{Values: v}
	q := govern.GateQuery{
		Service: p.require("service"), SLOs: v["slo"], ChangeType: v.Get("change_type"),
		OnUnknown: govern.Verdict(v.Get("on_unknown")),
	}
	switch q.OnUnknown {
	case "":
		q.OnUnknown = govern.Unknown
	case govern.Pass, govern.Fail, govern.Unknown:
	default:
		p.fail("on_unknown", "pass, fail or unknown")
	}
	if v.Has("canary") {
		q.Canary = canaryQuery(p)
	}
	return q, p.err
}

// canary serves the comparison alone.
func (h *handlers) canary(w http.ResponseWriter, r *http.Request) {
	p := &params{Values: r.URL.Query()}
	q := canaryQuery(p)
	if p.err != nil {
		refuse(w, p.err)
		return
	}
	a, err := h.Canary(r.Context(), q)
	if err != nil {
		refuse(w, err)
		return
	}
	succeed(w, http.StatusOK, a)
}

func canaryQuery(p *params) govern.CanaryQuery {
	q := govern.CanaryQuery{
		Service: p.require("service"), SLOs: p.Values["slo"], Selector: p.require("canary"), Stable: p.Get("stable"),
		MinEvents: p.number("min_events", 0, 1e12), Alpha: p.number("alpha", 0, 0.5),
	}
	q.StartMS, q.EndMS = p.span()
	return q
}
