package rig

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Notice is one alert in one call of the webhook.
type Notice struct {
	Status      string            `json:"status"` // firing or resolved
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	// GeneratorURL leads to what slowburn shows of it.
	GeneratorURL string `json:"generatorURL"`
	// At is when the webhook was called.
	At time.Time `json:"-"`
}

// Webhook is the pager at the end of the chain: it keeps what Alertmanager tells it.
type Webhook struct {
	URL string

	mu      sync.Mutex
	notices []Notice
}

// NewWebhook listens until the test ends.
func NewWebhook(t testing.TB) *Webhook {
	w := &Webhook{}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// ServeHTTP takes Alertmanager's webhook payload, version 4.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var call struct {
		Alerts []Notice `json:"alerts"`
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range call.Alerts {
		n.At = time.Now()
		w.notices = append(w.notices, n)
	}
}

// Notices are those of the given status whose labels include match, in order.
func (w *Webhook) Notices(status string, match map[string]string) []Notice {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []Notice
	for _, n := range w.notices {
		if n.Status == status && includes(n.Labels, match) {
			found = append(found, n)
		}
	}
	return found
}

// Saw is nil if the webhook was told exactly so often that the alerts with these
// labels fire and are resolved, else an error that lists what it was told.
func (w *Webhook) Saw(firing, resolved int, match map[string]string) error {
	f, r := w.Notices("firing", match), w.Notices("resolved", match)
	if len(f) == firing && len(r) == resolved {
		return nil
	}
	text := fmt.Sprintf("want %d firing and %d resolved, have %d and %d", firing, resolved, len(f), len(r))
	for _, n := range append(f, r...) {
		text += fmt.Sprintf("\n\t%s %s %v since %s", n.At.Format("15:04:05.000"), n.Status, n.Labels, n.StartsAt.Format("15:04:05.000"))
	}
	return fmt.Errorf("%s", text)
}

func includes(have, want map[string]string) bool {
	got := maps.Clone(have)
	maps.DeleteFunc(got, func(name, _ string) bool { _, asked := want[name]; return !asked })
	return maps.Equal(got, want)
}
