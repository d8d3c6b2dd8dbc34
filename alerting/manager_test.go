package alerting_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

func TestSendsAtOnceAndRepeatsEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		fired := time.Now().Add(-3 * time.Second)
		m.Set([]slo.Alert{firing("A", fired)})
		began := time.Now()
		after(5*time.Minute + time.Second)

		posts := w.hosts["am1"].history()
		equal(t, 6, len(posts), "posts in 5 min")
		for i, p := range posts {
			equal(t, time.Duration(i)*time.Minute, p.at.Sub(began), "time of post")
			a := p.alerts[0]
			equal(t, fired.UnixMilli(), time.Time(a.StartsAt).UnixMilli(), "startsAt")
			equal(t, p.at.Add(4*time.Minute).UnixMilli(), time.Time(a.EndsAt).UnixMilli(), "endsAt: send time + 4 resends")
			equal(t, "A burns", a.Annotations["summary"], "summary")
			equal(t, "http://slowburn.example/A", string(a.GeneratorURL), "generatorURL")
		}
		equal(t, 6, m.metric(series("sent_total", "am1")), "sent")
		equal(t, 0, m.metric(series("errors_total", "am1")), "errors")
	})
}

func TestEndsAtFollowsALongSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w, Slot: 2 * time.Minute})
		m.Set([]slo.Alert{firing("A", time.Now())})
		synctest.Wait()
		p := w.hosts["am1"].history()[0]
		equal(t, 8*time.Minute, time.Time(p.alerts[0].EndsAt).Sub(p.at), "endsAt after send")
	})
}

// Event time may run ahead of the wall clock: Alertmanager refuses an end before
// the start.
func TestStartInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		a := firing("A", time.Now().Add(9*time.Minute))
		m.Set([]slo.Alert{a})
		after(time.Second)
		m.Set([]slo.Alert{resolved(a, time.Now().Add(10*time.Minute))})
		after(10 * time.Minute)
		equal(t, 0, m.metric(series("errors_total", "am1")), "refused")
	})
}

func TestResolvedIsRepeatedFor15MinutesThenForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		m := start(t, alerting.Options{Config: to("am1"), Transport: w, Store: st})
		a := firing("A", time.Now())
		m.Set([]slo.Alert{a})
		after(90 * time.Second)
		equal(t, 1, st.len(), "records")
		w.hosts["am1"].clear()

		ended := time.Now()
		m.Set([]slo.Alert{resolved(a, ended)})
		after(30 * time.Minute)

		posts := w.hosts["am1"].history()
		equal(t, 15, len(posts), "posts of the resolution, one a minute")
		for _, p := range posts {
			equal(t, ended.UnixMilli(), time.Time(p.alerts[0].EndsAt).UnixMilli(), "endsAt")
		}
		equal(t, "firing A, resolved A", w.hosts["am1"].story(), "told")
		equal(t, 0, st.len(), "records after all is done")
		equal(t, 0, len(m.Status()), "alerts in status")
	})
}

func TestMissingIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now()), firing("B", time.Now())})
		after(time.Second)
		m.Set([]slo.Alert{firing("B", time.Now().Add(-time.Second))})
		after(time.Second)
		if have := w.hosts["am1"].story(); !strings.HasSuffix(have, ", resolved A") {
			t.Errorf("want A resolved only, have %q", have)
		}
	})
}

func TestPendingIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		a := firing("A", time.Now())
		a.State = slo.AlertPending
		m.Set([]slo.Alert{a})
		after(5 * time.Minute)
		equal(t, 0, len(w.hosts["am1"].history()), "posts")
	})
}

// A second episode of one alert is a page of its own; the end of the first must
// not end it.
func TestFiresAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		first := firing("A", time.Now())
		m.Set([]slo.Alert{first})
		after(2 * time.Minute)
		ended := time.Now()
		m.Set([]slo.Alert{resolved(first, ended)})
		after(2 * time.Minute)
		second := firing("A", time.Now())
		// The engine may state the old end beside the new begin, in either order.
		m.Set([]slo.Alert{resolved(first, ended), second})
		after(time.Second)
		m.Set([]slo.Alert{second, resolved(first, ended)})
		w.hosts["am1"].clear()
		after(20 * time.Minute)
		for _, a := range w.hosts["am1"].sent() {
			equal(t, second.FiredAt, time.Time(a.StartsAt).UnixMilli(), "startsAt")
			if !time.Time(a.EndsAt).After(time.Now().Add(-20 * time.Minute)) {
				t.Errorf("an end in the past was sent: %v", a.EndsAt)
			}
		}
		equal(t, "firing A, resolved A, firing A", w.hosts["am1"].story(), "told")
	})
}

func TestSavedBeforeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		var saved atomic.Int64
		saved.Store(-1)
		w.hosts["am1"].set(func(r *http.Request, _ models.PostableAlerts) (*http.Response, error) {
			if r.Method == http.MethodPost {
				saved.CompareAndSwap(-1, int64(st.len()))
			}
			return nil, nil
		})
		m := start(t, alerting.Options{Config: to("am1"), Transport: w, Store: st})
		m.Set([]slo.Alert{firing("A", time.Now()), firing("B", time.Now())})
		after(500 * time.Millisecond)
		equal(t, 2, saved.Load(), "records on disk when the first request arrived")
		equal(t, 1, st.count(), "transactions")
		after(time.Second)
		equal(t, 2, st.count(), "transactions after the acknowledgements")
		after(time.Minute)
		equal(t, 2, st.count(), "transactions after a resend, which is worth none")
	})
}

func TestSentThoughNotSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		st.fail = errors.New("no space left on device")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w, Store: st})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(2 * time.Second)
		equal(t, "firing A", w.hosts["am1"].story(), "told")
		if n := m.metric("slowburn_alerts_save_errors_total"); n < 1 {
			t.Errorf("failed saves: want some, have %v", n)
		}
		if !strings.Contains(m.log.String(), "no space left") {
			t.Errorf("the log does not tell: %s", m.log)
		}
		st.mu.Lock()
		st.fail = nil
		st.mu.Unlock()
		after(2 * time.Second)
		equal(t, 1, st.len(), "records once there is space")
	})
}

func TestSentThoughTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		st.block = make(chan struct{})
		m := start(t, alerting.Options{Config: to("am1"), Transport: w, Store: st})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(3 * time.Second)
		equal(t, "firing A", w.hosts["am1"].story(), "told")
		began := time.Now()
		m.Set([]slo.Alert{firing("A", time.Now()), firing("B", time.Now())})
		after(0)
		equal(t, 0, time.Since(began), "wait while the first write hangs")
		equal(t, "firing A, firing B", w.hosts["am1"].story(), "told")
		st.mu.Lock()
		close(st.block)
		st.block = nil
		st.mu.Unlock()
		after(2 * time.Second)
		equal(t, 2, st.len(), "records once the disk goes on")
	})
}

func TestStatusTellsWhoKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		w.hosts["am2"].set(refuseConn)
		m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w})
		now := time.Now()
		m.Set([]slo.Alert{firing("A", now)})
		after(time.Second / 2)
		all := m.Status()
		equal(t, 1, len(all), "alerts")
		equal(t, 2, len(all[0].Deliveries), "targets")
		equal(t, now.UnixMilli(), all[0].Deliveries[0].FiringAcked.UnixMilli(), "acknowledged by am1")
		equal(t, true, all[0].Deliveries[1].FiringAcked.IsZero(), "not acknowledged by am2")

		ams := m.Alertmanagers().Active
		equal(t, "http://am1/api/v2/alerts", ams[0].URL, "url")
		equal(t, true, ams[0].Answers, "am1 answers")
		equal(t, false, ams[1].Answers, "am2 answers")
		equal(t, 1, ams[1].Queue, "am2's queue")
		if !strings.Contains(ams[1].LastError, "connection refused") {
			t.Errorf("am2's last error: %q", ams[1].LastError)
		}
		equal(t, 1, m.metric(series("queue", "am2")), "queue metric")
		equal(t, now.UnixMilli(), m.LastAck().UnixMilli(), "last acknowledgement")
		equal(t, 2, m.metric("slowburn_alertmanagers_discovered"), "discovered")
	})
}

// TestHeard asks whether everybody who can hear has heard: not one that is gone, not
// one from which relabelling keeps the alert, but one that refuses it.
func TestHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		w.hosts["am2"].set(status(400))
		m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w})
		a := firing("A", time.Now())
		heard := func(when string, want bool) {
			t.Helper()
			equal(t, want, m.Heard(a.Labels), when)
		}
		heard("before it fires", false)
		m.Set([]slo.Alert{a})
		after(time.Second)
		heard("while am2 refuses it", false)
		w.hosts["am2"].set(refuseConn)
		after(2 * time.Minute)
		heard("while am2 is gone", true)
		w.hosts["am1"].set(refuseConn)
		after(2 * time.Minute)
		heard("while both are gone", false)
		w.hosts["am1"].set(nil)
		w.hosts["am2"].set(nil)
		after(time.Minute)
		heard("when both are back", true)
		m.Set(nil)
		heard("when it is resolved", false)
	})
}
