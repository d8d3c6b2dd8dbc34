package alerting_test

import (
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
)

// A mass outage of 10,000 budgets is saved and delivered to two Alertmanagers in few
// steps: one transaction, and to each 40 requests of at most 256 alerts, none of which
// waits for anything. BenchmarkMassOutage says how many seconds that takes.
func TestMassOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1", "am2"), newStore()
		m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w, Store: st})
		synctest.Wait()
		began := time.Now()
		m.Set(outage(10_000))
		equal(t, 1, st.count(), "transactions")
		synctest.Wait()
		for _, h := range w.hosts {
			equal(t, 40, len(h.history()), "requests")
			equal(t, 10_000, len(h.notices()), "notices")
		}
		equal(t, 0, time.Since(began), "waited")
	})
}

func BenchmarkMassOutage(b *testing.B) {
	all := outage(10_000)
	for b.Loop() {
		deliver(b, all, newStore())
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/outage")
}

// BenchmarkSet is one evaluation's Set while 10,000 alerts fire and only what they
// say changes.
func BenchmarkSet(b *testing.B) {
	all := outage(10_000)
	m, err := alerting.New(alerting.Options{})
	if err != nil {
		b.Fatal(err)
	}
	m.Set(all)
	for b.Loop() {
		m.Set(all)
	}
}

func outage(n int) []slo.Alert {
	all := make([]slo.Alert, 0, n)
	for i := range n {
		a := firing("SLOErrorBudgetBurn", time.Now())
		a.Labels = labels.FromStrings("alertname", "SLOErrorBudgetBurn", "severity", "page",
			"service", fmt.Sprintf("service-%d", i/20), "slo", fmt.Sprintf("availability-%d", i%20),
			"window", "30d", "tier", "critical", "owner", "team-checkout", "region", "eu-west-1")
		a.Annotations = labels.FromStrings("summary", "service burns its error budget 14.4 times too fast",
			"description", "In the last hour 2.1 % of the requests failed; the budget of 30 d is spent in 2 h 5 min.",
			"runbook_url", "https://runbooks.example/availability", "burn_rate_1h", "21.3", "budget_left", "41 %")
		all = append(all, a)
	}
	return all
}

// deliver sends all to two Alertmanagers over TCP, and returns once both have told of
// each.
func deliver(t testing.TB, all []slo.Alert, st alerting.Store) {
	var told atomic.Int64
	done := make(chan struct{})
	var names []string
	for range 2 {
		s := httptest.NewServer(receiver.New(func(receiver.Notification) {
			if told.Add(1) == int64(2*len(all)) {
				close(done)
			}
		}))
		defer s.Close()
		names = append(names, s.Listener.Addr().String())
	}
	c := to(names...)
	c.Alerting.AlertmanagerConfigs[0].Timeout = config.DefaultAlertmanagerConfig.Timeout
	r := launch(t, alerting.Options{Config: c, Store: st})
	defer r.stop()
	r.Set(all)
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("only %d notices after a minute", told.Load())
	}
}
