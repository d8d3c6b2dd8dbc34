package alerting_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// Whatever is wrong with one of two for ten minutes: the other is served as if
// nothing were, and the one is told within 15 s of being well.
func TestFault14_AlertmanagerDown(t *testing.T) {
	faults := map[string]func(*http.Request, models.PostableAlerts) (*http.Response, error){
		"refuses connections": refuseConn,
		"hangs":               hang,
		"500":                 status(500),
		"503":                 status(503),
		"429":                 status(429),
		"401":                 status(401),
		"redirects":           status(302),
		"has no name":         noName,
		"is cut off":          cutOff,
		"has an old cert":     oldCertificate,
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire("am1", "am2")
				w.hosts["am2"].set(fault)
				m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w})
				a := firing("A", time.Now())
				m.Set([]slo.Alert{a})
				after(time.Second / 2)
				equal(t, "firing A", w.hosts["am1"].story(), "told by the one that is well")
				after(10 * time.Minute)
				equal(t, 11, len(w.hosts["am1"].history()), "posts to the one that is well")
				if n := len(w.hosts["am2"].history()); n < 50 || n > 250 {
					t.Errorf("want a retry every 2.5 to 10 s, have %d in 10 min", n)
				}
				if n := m.metric(series("retries_total", "am2")); n < 50 {
					t.Errorf("want retries counted, have %v", n)
				}
				if n := m.metric(series("errors_total", "am2")); n < 50 {
					t.Errorf("want errors counted, have %v", n)
				}

				w.hosts["am2"].set(nil)
				after(15 * time.Second)
				equal(t, "firing A", w.hosts["am2"].story(), "told by the one that came back")

				m.Set([]slo.Alert{resolved(a, time.Now())})
				after(time.Second)
				for _, h := range w.hosts {
					equal(t, "firing A, resolved A", h.story(), "told in the end")
				}
			})
		})
	}
}

// Alertmanager keeps alerts in memory. One that went away for seconds between two
// resends comes back empty, and is told within 15 s too.
func TestFault14_AlertmanagerRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(20 * time.Second)
		w.hosts["am1"].clear()
		w.hosts["am1"].restart()
		after(15 * time.Second)
		equal(t, 1, len(w.hosts["am1"].alertmanager().Alerts()), "alerts in the new one")
		after(15 * time.Second)
		equal(t, 1, len(w.hosts["am1"].history()), "posts: once is enough")
	})
}

func TestFault14_BothDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		for _, h := range w.hosts {
			h.set(refuseConn)
		}
		m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w})
		kept, brief := firing("Kept", time.Now()), firing("Brief", time.Now())
		m.Set([]slo.Alert{kept, brief})
		after(5 * time.Minute)
		m.Set([]slo.Alert{kept, resolved(brief, time.Now())})
		after(5 * time.Minute)
		for _, h := range w.hosts {
			h.set(nil)
		}
		after(15 * time.Second)
		for name, h := range w.hosts {
			equal(t, "firing Kept", h.story(), "told: nobody is woken for what is over")
			equal(t, 1, m.metric(fmt.Sprintf(
				`slowburn_alerts_dropped_total{alertmanager="http://%s/api/v2/alerts",reason="resolved_unsent"}`, name)), "and that is counted")
		}
	})
}

// What may have arrived must be ended, even if nobody said that it had.
func TestFault14_ResolvedAfterAnUnheardAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		h := w.hosts["am1"]
		h.set(func(r *http.Request, alerts models.PostableAlerts) (*http.Response, error) {
			if r.Method == http.MethodPost && len(h.story()) == 0 {
				// Stored, but the answer is lost.
				h.set(nil)
				_, _ = w.RoundTrip(clone(r, alerts))
				h.set(hang)
				return hang(r, alerts)
			}
			return nil, nil
		})
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		a := firing("A", time.Now())
		m.Set([]slo.Alert{a})
		after(20 * time.Second)
		equal(t, "firing A", h.story(), "stored")
		m.Set([]slo.Alert{resolved(a, time.Now())})
		h.set(nil)
		after(15 * time.Second)
		equal(t, "firing A, resolved A", h.story(), "told")
	})
}

// One bad alert in the middle of a batch holds back no other.
func TestFault14_OneBadAlert(t *testing.T) {
	for _, code := range []int{400, 413, 422} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire("am1")
				h := w.hosts["am1"]
				// Such as a proxy would: nothing of a bad batch is kept.
				h.set(func(_ *http.Request, alerts models.PostableAlerts) (*http.Response, error) {
					for _, a := range alerts {
						if a.Labels["alertname"] == "A100" {
							return response(code, "A100 is bad"), nil
						}
					}
					return nil, nil
				})
				m := start(t, alerting.Options{Config: to("am1"), Transport: w})
				var all []slo.Alert
				for i := range 300 {
					all = append(all, firing(fmt.Sprintf("A%d", i), time.Now()))
				}
				m.Set(all)
				after(5 * time.Second)
				equal(t, 299, len(h.alertmanager().Alerts()), "alerts taken")
				if n := len(h.history()); n > 25 {
					t.Errorf("want no more than 25 requests, have %d", n)
				}
				equal(t, 1, m.metric(series("quarantined_total", "am1")), "quarantined")
				equal(t, 1, m.metric(series("quarantined", "am1")), "in quarantine")
				equal(t, 1, m.Alertmanagers().Active[0].Quarantined, "in quarantine by the API")
				if !strings.Contains(m.log.String(), "A100 is bad") {
					t.Errorf("the log does not tell: %s", m.log)
				}
				i := slices.IndexFunc(m.Status(), func(s slo.AlertDelivery) bool { return s.Deliveries[0].Refusal != "" })
				equal(t, "A100", m.Status()[i].Alert.Labels.Get("alertname"), "refused by the status")

				// It is offered again each minute, by itself, and taken once it can be.
				h.clear()
				after(5 * time.Minute)
				alone := 0
				for _, p := range h.history() {
					for _, a := range p.alerts {
						if a.Labels["alertname"] == "A100" {
							alone++
							equal(t, 1, len(p.alerts), "alerts beside the bad one")
						}
					}
				}
				// Each offer is two requests: as it is, and bare.
				if alone < 8 || alone > 12 {
					t.Errorf("want about 5 offers in 5 min, have %d requests", alone)
				}
				h.set(nil)
				after(time.Minute)
				equal(t, 300, len(h.alertmanager().Alerts()), "alerts taken at last")
				equal(t, 0, m.metric(series("quarantined", "am1")), "in quarantine at last")
			})
		})
	}
}

// A page that is refused for what it says goes out without.
func TestFault14_BareBeforeNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		bad := firing("Bad", time.Now())
		bad.Annotations = labels.FromStrings("", "an annotation without a name")
		good := firing("Good", time.Now())
		good.GeneratorURL = "::not a url::"
		m.Set([]slo.Alert{bad, good})
		after(2 * time.Minute)
		equal(t, 2, len(w.hosts["am1"].alertmanager().Alerts()), "alerts taken")
		equal(t, 1, m.metric(series("bare_total", "am1")), "without annotations")
		equal(t, 0, m.metric(series("quarantined_total", "am1")), "quarantined")
	})
}

// An alert on which Alertmanager chokes without blaming it stops no other.
func TestFault14_OnePoisonousAlert(t *testing.T) {
	for name, choke := range map[string]func(*http.Request, models.PostableAlerts) (*http.Response, error){
		"500": status(500), "hangs": hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire("am1")
				h := w.hosts["am1"]
				h.set(func(r *http.Request, alerts models.PostableAlerts) (*http.Response, error) {
					for _, a := range alerts {
						if a.Labels["alertname"] == "A7" {
							return choke(r, alerts)
						}
					}
					return nil, nil
				})
				m := start(t, alerting.Options{Config: to("am1"), Transport: w})
				var all []slo.Alert
				for i := range 600 {
					a := firing(fmt.Sprintf("A%d", i), time.Now())
					if i > 20 {
						a.Labels = labels.FromStrings("alertname", a.Labels.Get("alertname"), "severity", "ticket")
					}
					all = append(all, a)
				}
				m.Set(all)
				// It takes some ten requests, cut off after 5 s each, to find the one.
				after(3 * time.Minute)
				equal(t, 599, len(h.alertmanager().Alerts()), "alerts taken")
				h.clear()
				after(10 * time.Minute)
				// All others once a minute, and after each 30 s in which requests were cut off.
				if n := len(h.sent()); n > 599*31 {
					t.Errorf("%d alerts posted in 10 min", n)
				}
				equal(t, 599, len(h.alertmanager().Alerts()), "alerts still held")
			})
		})
	}
}

// A proxy that refuses everything is not drowned in halves of batches.
func TestFault14_RefusesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		h := w.hosts["am1"]
		h.set(status(400))
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		var all []slo.Alert
		const alerts = 500
		for i := range alerts {
			all = append(all, firing(fmt.Sprintf("A%d", i), time.Now()))
		}
		m.Set(all)
		after(10 * time.Minute)
		if n := len(h.history()); n > 10*60*65/2 {
			t.Errorf("%d requests in 10 min", n)
		}
		h.set(nil)
		after(75 * time.Second)
		equal(t, alerts, len(h.alertmanager().Alerts()), "alerts taken once it takes them")
	})
}

// Without any Alertmanager pages go out by the second path, after a minute, once.
func TestFault15_NoAlertmanager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "hook")
		hook, am := w.hosts["hook"], w.hosts["am1"]
		var got lines
		hook.set(nil)
		am.set(refuseConn)
		cfg := to("am1")
		cfg.Webhook = &alerting.Webhook{URL: "http://hook/secret-token"}
		w.hosts["hook"].set(nil)
		tr := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "hook" {
				got.add(message(r))
				return response(200, ""), nil
			}
			return w.RoundTrip(r)
		})
		st := newStore()
		m := start(t, alerting.Options{Config: cfg, Transport: tr, Store: st})
		page, ticket := firing("Page", time.Now()), firing("Ticket", time.Now())
		ticket.Labels = labels.FromStrings("alertname", "Ticket", "severity", "ticket")
		m.Set([]slo.Alert{page, ticket})
		after(55 * time.Second)
		equal(t, 0, got.len(), "messages before a minute")
		equal(t, 0, m.metric(`slowburn_alertmanager_up{alertmanager="http://am1/api/v2/alerts"}`), "up")
		after(10 * time.Second)
		equal(t, "firing Page", got.String(), "messages")
		after(10 * time.Minute)
		m.stop()

		// It is not said again after a restart, and ended where it was said.
		m = start(t, alerting.Options{Config: cfg, Transport: tr, Store: st})
		after(5 * time.Minute)
		m.Set([]slo.Alert{resolved(page, time.Now()), ticket})
		after(time.Minute)
		equal(t, "firing Page, resolved Page", got.String(), "messages in the end")
	})
}

func TestFault15_SecondPathIsQuietWhileOneAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		w.hosts["am2"].set(refuseConn)
		cfg := to("am1", "am2")
		cfg.Webhook = &alerting.Webhook{URL: "http://hook/"}
		var got lines
		tr := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "hook" {
				got.add(message(r))
				return response(200, ""), nil
			}
			return w.RoundTrip(r)
		})
		m := start(t, alerting.Options{Config: cfg, Transport: tr})
		m.Set([]slo.Alert{firing("Page", time.Now())})
		after(time.Minute)
		w.hosts["am1"].set(refuseConn)
		after(10 * time.Minute)
		equal(t, 0, got.len(), "messages: am1 knew")
	})
}

// Over a restart of 2:50: no end, no second begin, the same start. What fires is
// sent before the engine has said anything.
func TestFault16_RestartWhileFiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		h := w.hosts["am1"]
		go expireForAnHour(h)
		o := alerting.Options{Config: to("am1"), Transport: w, Store: st}
		m := start(t, o)
		a := firing("A", time.Now().Add(-15*time.Second))
		m.Set([]slo.Alert{a})
		for range 5 {
			after(59 * time.Second)
			m.stop()
			after(170 * time.Second)
			h.clear()
			m = start(t, o)
			after(100 * time.Millisecond)
			equal(t, 1, len(h.history()), "posts at once on start")
			after(2 * time.Minute)
			a.Annotations = labels.FromStrings("summary", time.Now().String())
			m.Set([]slo.Alert{a})
		}
		for _, p := range h.sent() {
			equal(t, a.FiredAt, time.Time(p.StartsAt).UnixMilli(), "startsAt")
		}
		m.stop()
		after(170 * time.Second)
		m = start(t, o)
		m.Set([]slo.Alert{resolved(a, time.Now())})
		after(time.Minute)
		equal(t, "firing A, resolved A", h.story(), "told")
		after(time.Hour)
	})
}

// Who states an alert need not know after a restart since when it fires: the start stays
// until it has ended.
func TestFault16_RestartForgetsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		h := w.hosts["am1"]
		o := alerting.Options{Config: to("am1"), Transport: w, Store: st}
		m := start(t, o)
		first := firing("SLOWatchdog", time.Now())
		m.Set([]slo.Alert{first})
		after(time.Minute)
		m.stop()
		after(time.Minute)
		h.clear()
		m = start(t, o)
		for range 3 {
			m.Set([]slo.Alert{firing("SLOWatchdog", time.Now())})
			after(time.Minute)
		}
		for _, p := range h.sent() {
			equal(t, first.FiredAt, time.Time(p.StartsAt).UnixMilli(), "startsAt")
		}
		equal(t, "firing SLOWatchdog", h.story(), "told")
		m.Set(nil)
		after(time.Minute)
		h.clear()
		again := firing("SLOWatchdog", time.Now())
		m.Set([]slo.Alert{again})
		after(time.Second)
		equal(t, again.FiredAt, time.Time(h.sent()[0].StartsAt).UnixMilli(), "startsAt of the next episode")
		m.stop()
	})
}

// What is stated since another time is ended by that time too: its end is told, and it
// is the end of what began.
func TestFault16_RestartForgetsTheStartThenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		h := w.hosts["am1"]
		o := alerting.Options{Config: to("am1"), Transport: w, Store: st}
		m := start(t, o)
		first := firing("Burn", time.Now())
		m.Set([]slo.Alert{first})
		after(time.Minute)
		m.stop()
		m = start(t, o)
		later := firing("Burn", time.Now())
		m.Set([]slo.Alert{later})
		after(time.Minute)
		for range 3 {
			m.Set([]slo.Alert{resolved(later, time.Now())})
			after(10 * time.Second)
		}
		for _, p := range h.sent() {
			equal(t, first.FiredAt, time.Time(p.StartsAt).UnixMilli(), "startsAt")
		}
		equal(t, "firing Burn, resolved Burn", h.story(), "told")
		again := firing("Burn", time.Now())
		m.Set([]slo.Alert{again})
		after(time.Second)
		sent := h.sent()
		equal(t, again.FiredAt, time.Time(sent[len(sent)-1].StartsAt).UnixMilli(), "startsAt of the next episode")
		m.stop()
	})
}

// Killed after the transition was saved and before it was sent.
func TestFault16_KilledBeforeSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		h := w.hosts["am1"]
		h.set(refuseConn)
		o := alerting.Options{Config: to("am1"), Transport: w, Store: st}
		m := start(t, o)
		a := firing("A", time.Now())
		m.Set([]slo.Alert{a})
		killed := st.clone() // what was on disk just then
		m.stop()

		h.set(nil)
		o.Store = killed
		m = start(t, o)
		after(time.Second)
		equal(t, "firing A", h.story(), "told after the restart")

		h.set(refuseConn)
		m.Set([]slo.Alert{resolved(a, time.Now())})
		m.stop()
		h.set(nil)
		m = start(t, o)
		after(time.Second)
		equal(t, "firing A, resolved A", h.story(), "told after the second")
	})
}

// Resolved while we were away: the first Set says so.
func TestFault16_GoneOverRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, st := newWire("am1"), newStore()
		o := alerting.Options{Config: to("am1"), Transport: w, Store: st}
		m := start(t, o)
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(time.Second)
		m.stop()
		m = start(t, o)
		after(3 * time.Minute)
		equal(t, "firing A", w.hosts["am1"].story(), "told before the engine speaks")
		m.Set(nil)
		after(time.Second)
		equal(t, "firing A, resolved A", w.hosts["am1"].story(), "told after")
	})
}

func TestFault25_SecretsAreNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const canary = "c4n4ry"
		w := newWire("am1")
		w.hosts["am1"].set(refuseConn)
		cfg := to("am1")
		cfg.Webhook = &alerting.Webhook{URL: "http://user:" + canary + "@nowhere/" + canary}
		m := start(t, alerting.Options{Config: cfg, Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(5 * time.Minute)
		if !strings.Contains(m.log.String(), "second path does not take pages") {
			t.Errorf("the fault is not logged: %s", m.log)
		}
		var b strings.Builder
		m.set.WritePrometheus(&b)
		shown := m.log.String() + b.String() + fmt.Sprintf("%+v %+v", m.Status(), m.Alertmanagers())
		if strings.Contains(shown, canary) {
			t.Errorf("a secret is shown: %s", shown)
		}
		bad := to("am1")
		bad.Webhook = &alerting.Webhook{URL: "ftp://" + canary}
		if err := m.ApplyConfig(bad); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("want an error without the secret, have %v", err)
		}
	})
}

func TestFault25_RedirectIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "thief")
		w.hosts["am1"].set(func(*http.Request, models.PostableAlerts) (*http.Response, error) {
			r := response(307, "")
			r.Header.Set("Location", "http://thief/api/v2/alerts")
			return r, nil
		})
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(time.Minute)
		equal(t, 0, len(w.hosts["thief"].history()), "posts to where it points")
		if e := m.Alertmanagers().Active[0].LastError; !strings.Contains(e, "redirects are not followed") {
			t.Errorf("last error: %q", e)
		}
	})
}

// A graceful stop takes 2 s at most, whatever hangs, and ends no alert.
func TestFault33_Stop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1", "am2")
		w.hosts["am2"].set(hang)
		m := start(t, alerting.Options{Config: to("am1", "am2"), Transport: w})
		m.Set([]slo.Alert{firing("A", time.Now())})
		after(time.Second)
		began := time.Now()
		m.stop()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("stop took %s", took)
		}
		for _, a := range append(w.hosts["am1"].sent(), w.hosts["am2"].sent()...) {
			if !time.Time(a.EndsAt).After(time.Now()) {
				t.Errorf("a resolution was sent on exit")
			}
		}
	})
}

func TestFault33_LastPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire("am1")
		w.hosts["am1"].set(status(500))
		m := start(t, alerting.Options{Config: to("am1"), Transport: w})
		page, ticket := firing("Page", time.Now()), firing("Ticket", time.Now())
		ticket.Labels = labels.FromStrings("alertname", "Ticket", "severity", "ticket")
		m.Set([]slo.Alert{page, ticket})
		after(20*time.Second + 17*time.Millisecond)
		w.hosts["am1"].set(nil)
		m.stop()
		if !strings.Contains(w.hosts["am1"].story(), "firing Page") {
			t.Errorf("the page was not sent on exit: %q", w.hosts["am1"].story())
		}
	})
}
