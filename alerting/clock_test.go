package alerting_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// ahead makes the host's Alertmanager one whose clock is ahead by off: what is posted is
// that much older to it, and its answers say so.
func (h *host) ahead(off time.Duration) {
	h.set(func(r *http.Request, alerts models.PostableAlerts) (*http.Response, error) {
		for _, a := range alerts {
			a.StartsAt, a.EndsAt = strfmt.DateTime(time.Time(a.StartsAt).Add(-off)), strfmt.DateTime(time.Time(a.EndsAt).Add(-off))
		}
		body, err := json.Marshal(alerts)
		if err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		h.alertmanager().ServeHTTP(w, httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body)))
		resp := w.Result()
		resp.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		return resp, nil
	})
}

// TestFault07_AlertmanagersClock: whether an alert has ended Alertmanager judges by its
// own clock. However far that is from ours, and though it is set while a page fires, the
// page is told at once, stays, and is ended when it is over.
func TestFault07_AlertmanagersClock(t *testing.T) {
	for _, c := range []struct{ at, then time.Duration }{
		{0, 0}, {time.Second, 0}, {25 * time.Second, -25 * time.Second},
		{time.Hour, time.Hour}, {-time.Hour, -time.Hour}, {3 * time.Minute, 3 * time.Minute},
		{0, -time.Hour}, {-time.Hour, 0}, {24 * time.Hour, 24 * time.Hour}, {0, 3 * time.Minute},
	} {
		t.Run(c.at.String()+", then "+c.then.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire("am")
				h := w.hosts["am"]
				gone := make(chan struct{})
				go func() { defer close(gone); expireForAnHour(h) }()
				h.ahead(c.at)
				m := start(t, alerting.Options{Config: to("am"), Transport: w})
				a := firing("A", time.Now())
				m.Set([]slo.Alert{a})
				after(5 * time.Second)
				equal(t, 1, len(h.alertmanager().Alerts()), "held 5 s later")
				after(10 * time.Minute)
				known := max(c.at, -c.at) > 30*time.Second
				equal(t, known, m.ClockSkewed(), "skewed")
				if have := m.metric(`slowburn_alertmanager_clock_offset_seconds{alertmanager="http://am/api/v2/alerts"}`); known && have != c.at.Seconds() || !known && have != 0 {
					t.Errorf("offset of %s: have %g s", c.at, have)
				}
				h.ahead(c.then)
				after(10 * time.Minute)
				equal(t, 1, len(h.alertmanager().Alerts()), "held")
				equal(t, "firing A", h.story(), "told")
				m.Set([]slo.Alert{resolved(a, time.Now())})
				after(15 * time.Second)
				if c.then == -25*time.Second {
					after(time.Minute) // behind, but not noticed: the end lies ahead until it is said again
				}
				equal(t, "firing A, resolved A", h.story(), "told in the end")
				starts := map[time.Time]bool{}
				for _, n := range h.notices() {
					starts[n.Alert.StartsAt] = true
				}
				// One that is behind took the first word, before its clock was known, for what
				// begins later.
				if c.at >= 0 && len(starts) != 1 {
					t.Errorf("want one start, have %v", starts)
				}
				<-gone
			})
		})
	}
}
