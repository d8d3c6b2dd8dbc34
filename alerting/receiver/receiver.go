package receiver

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
)

// resolveTimeout ends an alert that came without an end; Alertmanager's default.
const resolveTimeout = 5 * time.Minute

// Notification is the begin or the end of one alert.
type Notification struct {
	// Status is firing or resolved.
	Status model.AlertStatus
	Alert  alert.Alert
}

// Receiver holds alerts as an Alertmanager does. It is an http.Handler.
type Receiver struct {
	notify  func(Notification)
	started time.Time
	mux     *http.ServeMux

	mu     sync.Mutex // held while notify runs: begin and end come in order
	alerts map[model.Fingerprint]*held
}

type held struct {
	alert *alert.Alert
	told  bool // that it fires
}

// New returns a Receiver that calls notify once when an alert begins and once when
// it ends, one call at a time. notify must not call the Receiver; nil is allowed.
func New(notify func(Notification)) *Receiver {
	if notify == nil {
		notify = func(Notification) {}
	}
	r := &Receiver{notify: notify, started: time.Now(), alerts: map[model.Fingerprint]*held{}}
	r.mux = r.routes()
	return r
}

// Run ends alerts that were not sent again in time, until ctx ends.
func (r *Receiver) Run(ctx context.Context) error {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-every.C:
			r.Expire(now)
		}
	}
}

// Expire ends alerts whose end has passed. Run calls it each second.
func (r *Receiver) Expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for fp, h := range r.alerts {
		r.tell(fp, h, now)
	}
}

// Alerts returns those that fire now, by start.
func (r *Receiver) Alerts() []alert.Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	all := make([]alert.Alert, 0, len(r.alerts))
	for _, h := range r.alerts {
		if !h.alert.ResolvedAt(now) {
			all = append(all, *h.alert)
		}
	}
	slices.SortFunc(all, func(a, b alert.Alert) int { return a.StartsAt.Compare(b.StartsAt) })
	return all
}

// put merges a valid alert into the table, by Alertmanager's rule: statements whose
// times overlap are one alert, others replace what was.
func (r *Receiver) put(a *alert.Alert, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fp := a.Fingerprint()
	h, ok := r.alerts[fp]
	if !ok {
		h = &held{}
		r.alerts[fp] = h
	} else if old := h.alert; a.EndsAt.After(old.StartsAt) && a.EndsAt.Before(old.EndsAt) ||
		a.StartsAt.After(old.StartsAt) && a.StartsAt.Before(old.EndsAt) {
		a = old.Merge(a)
	}
	h.alert = a
	r.tell(fp, h, now)
}

// tell says what was not told yet, and forgets an alert that has ended.
func (r *Receiver) tell(fp model.Fingerprint, h *held, now time.Time) {
	switch {
	case !h.alert.ResolvedAt(now):
		if !h.told {
			h.told = true
			r.notify(Notification{model.AlertFiring, *h.alert})
		}
		return
	case h.told:
		r.notify(Notification{model.AlertResolved, *h.alert})
	}
	delete(r.alerts, fp)
}
