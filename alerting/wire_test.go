package alerting_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// TestWire listens to what goes over the wire for one alert that fires for ten minutes,
// whatever the settings and whenever Alertmanager answers: every send of it moves its
// end 4 resends or slots ahead, what was taken is repeated once a resend, and its end is
// repeated until it was taken and 15 min have passed, and not a send longer.
func TestWire(t *testing.T) {
	const fires, ends = 10*time.Minute + 7*time.Second, 15 * time.Minute
	for _, c := range []struct {
		resend, slot, life time.Duration
		// down is from when to when the Alertmanager answers 500, from the start on.
		down, up time.Duration
	}{
		{time.Minute, 15 * time.Second, 4 * time.Minute, 0, 0},
		{time.Minute, time.Minute, 4 * time.Minute, 0, 0},
		{10 * time.Second, 15 * time.Second, time.Minute, 0, 0},
		{2 * time.Minute, 15 * time.Second, 8 * time.Minute, 0, 0},
		{time.Minute, 15 * time.Second, 4 * time.Minute, 0, 5 * time.Minute},                             // as it begins
		{time.Minute, 15 * time.Second, 4 * time.Minute, 9 * time.Minute, 12 * time.Minute},              // as it ends
		{time.Minute, 15 * time.Second, 4 * time.Minute, 9 * time.Minute, fires + ends + 20*time.Minute}, // for longer than an end is repeated
	} {
		t.Run(fmt.Sprintf("resend %s, slot %s, down %s to %s", c.resend, c.slot, c.down, c.up), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire("am")
				h := w.hosts["am"]
				m := start(t, alerting.Options{Config: to("am"), Transport: w, Resend: c.resend, Slot: c.slot})
				began := time.Now()
				go func() {
					time.Sleep(time.Until(began.Add(c.down)))
					if c.up > 0 {
						h.set(status(500))
						time.Sleep(time.Until(began.Add(c.up)))
					}
					h.set(nil)
				}()
				synctest.Wait()
				a := firing("A", began)
				m.Set([]slo.Alert{a})
				after(fires)
				ended := time.Now()
				m.Set([]slo.Alert{resolved(a, ended)})
				after(time.Hour)

				taken := func(at time.Time) bool { return at.Before(began.Add(c.down)) || !at.Before(began.Add(c.up)) }
				var last time.Time // taken
				heard := time.Time{}
				for _, p := range h.history() {
					sent := p.alerts[0]
					equal(t, began.UnixMilli(), time.Time(sent.StartsAt).UnixMilli(), "startsAt")
					over := !p.at.Before(ended)
					end := p.at.Add(c.life)
					if over {
						end = ended
					}
					equal(t, end.UnixMilli(), time.Time(sent.EndsAt).UnixMilli(), "endsAt of the send after "+p.at.Sub(began).String())
					if !taken(p.at) {
						continue
					}
					news := last.IsZero() || over && heard.IsZero()
					if gap := p.at.Sub(last); !news && gap != c.resend {
						t.Errorf("after %s: want a repetition after %s, have %s", p.at.Sub(began), c.resend, gap)
					}
					if over && heard.IsZero() {
						heard = p.at
					}
					last = p.at
				}
				if heard.IsZero() {
					t.Fatal("its end was never taken")
				}
				if late := heard.Sub(later(ended, began.Add(c.up))); late > 15*time.Second {
					t.Errorf("want the end told within 15 s, have %s", late)
				}
				switch until := later(heard, ended.Add(ends)); {
				case last.Before(until.Add(-c.resend)):
					t.Errorf("the end was repeated until %s after it, want until %s", last.Sub(ended), until.Sub(ended))
				case last.After(until):
					t.Errorf("the end was still repeated %s after it, want until %s", last.Sub(ended), until.Sub(ended))
				}
			})
		})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
