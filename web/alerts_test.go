package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

type alertsAnswer struct {
	Data struct {
		Alerts []struct {
			Labels     map[string]string `json:"labels"`
			State      string            `json:"state"`
			StatedMS   int64             `json:"stated_ms"`
			Deliveries []struct {
				Target        string `json:"target"`
				FiringAckedMS int64  `json:"firing_acked_ms"`
				Refusal       string `json:"refusal"`
				RetryMS       int64  `json:"retry_ms"`
			} `json:"deliveries"`
		} `json:"alerts"`
		Alertmanagers []struct {
			URL         string `json:"url"`
			Answers     bool   `json:"answers"`
			LastAckMS   int64  `json:"last_ack_ms"`
			Quarantined int    `json:"quarantined"`
		} `json:"alertmanagers"`
	} `json:"data"`
}

// TestAlertsSayWhoKnows of an alert that one Alertmanager took and another refuses,
// and of one that nobody was told of yet.
func TestAlertsSayWhoKnows(t *testing.T) {
	held := slo.Alert{Labels: checkout.BudgetLabels(alerts()[0].Labels), State: slo.AlertPending}
	f := newFixture(t, func(o *web.Options) {
		o.Alerts = func() []slo.Alert { return append(alerts(), held) }
	})
	status, body := f.ask(t, http.MethodGet, "/api/slo/v1/alerts", nil)
	if status != http.StatusOK {
		t.Fatalf("have %d %s", status, body)
	}
	data := decode[alertsAnswer](t, body).Data
	if len(data.Alerts) != 2 {
		t.Fatalf("want the page and what is held back, have %s", body)
	}
	page, waits := data.Alerts[0], data.Alerts[1]
	if len(page.Deliveries) != 2 || waits.State != "pending" || len(waits.Deliveries) != 0 {
		t.Fatalf("have %s", body)
	}
	took, refuses := page.Deliveries[0], page.Deliveries[1]
	want := []any{"http://user:xxxxx@am:9093/api/v2/alerts", now.UnixMilli() - 59_000, "refused with status 400: too long", now.UnixMilli() + 60_000}
	if diff := cmp.Diff(want, []any{took.Target, took.FiringAckedMS, refuses.Refusal, refuses.RetryMS}); diff != "" {
		t.Errorf("deliveries (-want +have):\n%s", diff)
	}
	if am := data.Alertmanagers; len(am) != 2 || !am[0].Answers || am[0].LastAckMS != now.UnixMilli() || am[1].Answers || am[1].Quarantined != 1 {
		t.Errorf("have alertmanagers %+v", am)
	}
}

// TestAlertFilters select by label and state; what cannot be a state is said.
func TestAlertFilters(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		query url.Values
		want  int
	}{
		{url.Values{"service": {"checkout"}}, 1},
		{url.Values{"service": {"search"}}, 0},
		{url.Values{"severity": {"ticket", "page"}, "state": {"firing"}}, 1},
		{url.Values{"state": {"pending"}}, 0},
	} {
		_, body := f.ask(t, http.MethodGet, "/api/slo/v1/alerts", c.query)
		if have := len(decode[alertsAnswer](t, body).Data.Alerts); have != c.want {
			t.Errorf("%v: want %d, have %d", c.query, c.want, have)
		}
	}
	if status, body := f.ask(t, http.MethodGet, "/api/slo/v1/alerts", url.Values{"state": {"loud"}}); status != http.StatusBadRequest {
		t.Errorf("want 400, have %d %s", status, body)
	}
}
