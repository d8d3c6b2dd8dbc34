package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// deliveredJSON is one alert in /api/slo/v1/alerts. Times are milliseconds; those of
// deliveries are of the wall clock, and left out where there was none.
type deliveredJSON struct {
	alertJSON
	ResolvedMS int64 `json:"resolved_ms,omitempty"`
	// StatedMS and EndedMS are when slowburn learned of the episode's begin and end.
	StatedMS int64 `json:"stated_ms,omitempty"`
	EndedMS  int64 `json:"ended_ms,omitempty"`
	// HeldUntilMS is set while the alert's data is gone, and on one that was held to its
	// end: no target is told that it is over.
	HeldUntilMS  int64          `json:"held_until_ms,omitempty"`
	GeneratorURL string         `json:"generator_url,omitempty"`
	Deliveries   []deliveryJSON `json:"deliveries"`
}

type deliveryJSON struct {
	Target          string `json:"target"`
	FiringAckedMS   int64  `json:"firing_acked_ms,omitempty"`
	ResolvedAckedMS int64  `json:"resolved_acked_ms,omitempty"`
	LastSentMS      int64  `json:"last_sent_ms,omitempty"`
	// Dropped: relabel rules keep the alert from this target. Bare: it was taken only
	// without annotations.
	Dropped bool `json:"dropped"`
	Bare    bool `json:"bare"`
	// Refusal is why the target refuses it, RetryMS when it is offered again.
	Refusal string `json:"refusal,omitempty"`
	RetryMS int64  `json:"retry_ms,omitempty"`
}

type alertmanagerJSON struct {
	URL          string `json:"url"`
	Set          string `json:"set"`
	Answers      bool   `json:"answers"`
	LastAnswerMS int64  `json:"last_answer_ms,omitempty"`
	LastAckMS    int64  `json:"last_ack_ms,omitempty"`
	LastError    string `json:"last_error,omitempty"`
	LastErrorMS  int64  `json:"last_error_ms,omitempty"`
	// Queue counts alerts it has not acknowledged, Quarantined those it refuses.
	Queue       int `json:"queue"`
	Quarantined int `json:"quarantined"`
}

// alerts serves every alert that is pending, firing or lately resolved with what
// each Alertmanager acknowledged of it, and how the Alertmanagers stand; filtered by
// service, slo, severity and state.
func (h *Handler) alerts(w http.ResponseWriter, r *http.Request) {
	q, err := parseAlertQuery(r.URL.Query())
	if err != nil {
		badQuery(w, err)
		return
	}
	out := struct {
		Alerts        []deliveredJSON    `json:"alerts"`
		Alertmanagers []alertmanagerJSON `json:"alertmanagers"`
		Dropped       []string           `json:"dropped_alertmanagers"`
	}{Alerts: []deliveredJSON{}, Alertmanagers: []alertmanagerJSON{}, Dropped: []string{}}
	deliveries, ams := h.o.Deliveries()
	for _, d := range withPending(deliveries, h.o.Alerts()) {
		if q.selects(&d.Alert) {
			out.Alerts = append(out.Alerts, deliveredToJSON(&d))
		}
	}
	for _, am := range ams.Active {
		out.Alertmanagers = append(out.Alertmanagers, alertmanagerJSON{
			URL: redacted(am.URL), Set: am.Set, Answers: am.Answers, LastAnswerMS: millis(am.LastAnswer), LastAckMS: millis(am.LastAck),
			LastError: am.LastError, LastErrorMS: millis(am.LastErrorAt), Queue: am.Queue, Quarantined: am.Quarantined,
		})
	}
	for _, address := range ams.Dropped {
		out.Dropped = append(out.Dropped, redacted(address))
	}
	succeed(w, out)
}

// withPending adds the engine's alerts of which delivery was not told: they are
// pending, or held back.
func withPending(deliveries []slo.AlertDelivery, engine []slo.Alert) []slo.AlertDelivery {
	known := make(map[string]bool, len(deliveries))
	for i := range deliveries {
		known[deliveries[i].Alert.Labels.String()] = true
	}
	all := slices.Clone(deliveries)
	for i := range engine {
		if engine[i].State == slo.AlertPending && !known[engine[i].Labels.String()] {
			all = append(all, slo.AlertDelivery{Alert: engine[i]})
		}
	}
	return all
}

func deliveredToJSON(d *slo.AlertDelivery) deliveredJSON {
	a := &d.Alert
	out := deliveredJSON{
		alertJSON: alertToJSON(a), ResolvedMS: a.ResolvedAt, StatedMS: millis(d.Stated), EndedMS: millis(d.Ended),
		HeldUntilMS: a.HeldUntil, GeneratorURL: a.GeneratorURL, Deliveries: make([]deliveryJSON, 0, len(d.Deliveries)),
	}
	for _, to := range d.Deliveries {
		out.Deliveries = append(out.Deliveries, deliveryJSON{
			Target: redacted(to.Target), FiringAckedMS: millis(to.FiringAcked), ResolvedAckedMS: millis(to.ResolvedAcked),
			LastSentMS: millis(to.LastSent), Dropped: to.Dropped, Bare: to.Bare, Refusal: to.Refusal, RetryMS: millis(to.RetryAt),
		})
	}
	return out
}

// alertQuery selects alerts. Empty fields select all; each may be given several times.
type alertQuery struct {
	services, slos, severities []string
	states                     []slo.AlertState
}

func parseAlertQuery(v url.Values) (alertQuery, error) {
	q := alertQuery{services: v["service"], slos: v["slo"], severities: v["severity"]}
	states := []slo.AlertState{slo.AlertPending, slo.AlertFiring, slo.AlertResolved}
	for _, s := range v["state"] {
		if !slices.Contains(states, slo.AlertState(s)) {
			return q, &queryError{"state", fmt.Sprintf("want one of %v", states)}
		}
		q.states = append(q.states, slo.AlertState(s))
	}
	return q, nil
}

func (q *alertQuery) selects(a *slo.Alert) bool {
	has := func(list []string, label string) bool { return in(list, a.Labels.Get(label)) }
	return has(q.services, slo.LabelService) && has(q.slos, slo.LabelSLO) && has(q.severities, "severity") && in(q.states, a.State)
}

// redacted is the URL without a password.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Redacted()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func alertToJSON(a *slo.Alert) alertJSON {
	return alertJSON{
		Labels: a.Labels, Annotations: a.Annotations, State: a.State,
		ActiveMS: a.ActiveAt, FiredMS: a.FiredAt, Value: number(a.Value),
	}
}
