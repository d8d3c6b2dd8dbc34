package alerting_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// couple are two slowburns over one Alertmanager that know nothing of each other. The
// one sees the service all the time, the other's data goes while a page fires.
type couple struct {
	host        *host
	sees, blind *running
	page        slo.Alert
	options     alerting.Options // the blind one's
}

// restart ends the blind one and starts it a minute later, before its engine speaks.
func (c *couple) restart(t *testing.T) {
	c.blind.stop()
	after(time.Minute)
	c.blind = start(t, c.options)
	after(time.Second)
}

// couplePaging starts both and lets them page. The other then holds its page for 15 min.
func couplePaging(t *testing.T) *couple {
	t.Helper()
	w := newWire("am")
	c := &couple{host: w.hosts["am"]}
	gone := make(chan struct{})
	go func() { defer close(gone); expireForAnHour(c.host) }()
	t.Cleanup(func() { <-gone })
	c.options = alerting.Options{Config: to("am"), Transport: w}
	c.sees = start(t, c.options)
	c.options.Store = newStore()
	c.blind = start(t, c.options)
	c.page = firing("Page", time.Now())
	c.sees.Set([]slo.Alert{c.page})
	after(7 * time.Second)
	c.blind.Set([]slo.Alert{c.page})
	after(5 * time.Minute)
	c.blind.Set([]slo.Alert{c.held()})
	return c
}

func (c *couple) held() slo.Alert {
	a := c.page
	a.HeldUntil = a.FiredAt + (20 * time.Minute).Milliseconds()
	return a
}

// The one that sees says that it is over. The other, which cannot know, does not bring
// it back.
func TestFault30_TheOneThatSeesEndsThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := couplePaging(t)
		after(2 * time.Minute)
		c.sees.Set([]slo.Alert{resolved(c.page, time.Now())})
		after(13 * time.Minute)
		c.blind.Set([]slo.Alert{resolved(c.held(), time.Now())})
		after(25 * time.Minute)
		equal(t, "firing Page, resolved Page", c.host.story(), "told")
	})
}

// SLODataMissing has taken over from the page that the blind one held. That ends
// nothing for the one that sees it burn.
func TestFault30_TheBlindOneEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := couplePaging(t)
		after(15 * time.Minute)
		c.blind.Set([]slo.Alert{resolved(c.held(), time.Now())})
		after(5 * time.Minute)
		c.restart(t)
		after(14 * time.Minute)
		equal(t, "firing Page", c.host.story(), "told while it burns")
		c.sees.Set([]slo.Alert{resolved(c.page, time.Now())})
		after(time.Minute)
		equal(t, "firing Page, resolved Page", c.host.story(), "told in the end")
	})
}

// Alone, the blind one's page stays as long as it is held, whatever restarts, and ends
// by itself within 4 min.
func TestFault10_AHeldPageAlone(t *testing.T) {
	for name, restart := range map[string]func(*testing.T, *couple){
		"":                      func(*testing.T, *couple) {},
		"Alertmanager restarts": func(_ *testing.T, c *couple) { c.host.restart() },
		"it restarts":           func(t *testing.T, c *couple) { c.restart(t) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := couplePaging(t)
				c.sees.stop()
				after(5 * time.Minute)
				restart(t, c)
				after(15 * time.Second)
				equal(t, 1, len(c.host.alertmanager().Alerts()), "alerts held")
				after(8 * time.Minute)
				equal(t, 1, len(c.host.alertmanager().Alerts()), "alerts held until the end")
				c.blind.Set([]slo.Alert{resolved(c.held(), time.Now())})
				after(6 * time.Minute)
				equal(t, 0, len(c.host.alertmanager().Alerts()), "alerts after it")
			})
		})
	}
}

// It is not acknowledged that anything took over: the page goes on for as long as it
// is stated. Its data is back: it is sent as before, and its end is told.
func TestFault10_AHeldPageGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := couplePaging(t)
		c.sees.stop()
		after(40 * time.Minute)
		equal(t, "firing Page", c.host.story(), "told while it is held for longer")
		c.blind.Set([]slo.Alert{c.page})
		after(2 * time.Minute)
		c.host.clear()
		after(5 * time.Minute)
		equal(t, 5, len(c.host.history()), "sends in 5 min with data")
		c.blind.Set([]slo.Alert{resolved(c.page, time.Now())})
		after(time.Second)
		equal(t, "firing Page, resolved Page", c.host.story(), "told in the end")
	})
}
