package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// TestCalendarWindows counts months, quarters, weeks and days in zones whose
// boundaries lie on no full hour in UTC, or where the clock changes, for five weeks:
// live, after a restart from the ledger, and after one from a checkpoint, every
// window holds exactly what was counted since it began.
func TestCalendarWindows(t *testing.T) {
	def := availability(0.99)
	def.Windows = nil
	for _, name := range []string{"Asia/Kathmandu", "America/New_York", "Pacific/Chatham", "America/Havana"} {
		def.Windows = append(def.Windows, calendar(t, name, slo.Month, slo.Quarter, slo.Week, slo.Day)...)
	}
	def.Rules = slo.Tier{Alerts: slo.DefaultAlerts()}.Rules(def.Windows[0])
	// The clock changes on 8 March in New York and Havana, on 5 April in Chatham.
	begin := time.Date(2026, 3, 5, 0, 7, 0, 0, time.UTC).UnixMilli()
	r := newRig(t, begin, def)
	r.slot = time.Minute
	r.start()
	r.checkpoint = t.TempDir() + "/checkpoint"
	s := &shop{}
	const step = 10 * minute
	perScrape := 100.0
	check := func(when string) {
		t.Helper()
		for _, st := range r.engine.Status() {
			for _, w := range st.Windows {
				// A scrape every step from begin on; the first counts nothing.
				upTo := func(ts int64) float64 {
					n := (ts - begin) / step
					return perScrape * float64(max(0, n))
				}
				want := upTo(st.TS) - upTo(max(begin, w.Window.Start(st.TS, r.slot)))
				if w.Counts.Total != want {
					t.Errorf("%s: %s %s from %s to %s: want %g, have %g", when, w.Window.Zone, w.Window,
						time.UnixMilli(w.Start).UTC().Format(time.DateTime), time.UnixMilli(st.TS).UTC().Format(time.DateTime), want, w.Counts.Total)
				}
			}
		}
	}
	for i, at := range []string{"2026-03-12 03:12", "2026-03-31 18:15", "2026-03-31 18:20", "2026-04-01 00:00", "2026-04-05 12:00", "2026-04-12 04:10"} {
		end, err := time.Parse("2006-01-02 15:04", at)
		if err != nil {
			t.Fatal(err)
		}
		r.drive(begin+int64(r.steps)*step, end.UnixMilli(), step, func(ts int64) []arrival {
			r.steps++
			return s.scrape(ts, perScrape-1, 1)
		})
		check(at)
		if i%2 == 1 {
			r.must(r.engine.WriteCheckpoint())
		}
		r.crash()
		r.tick()
		check(fmt.Sprint(at, " after a restart"))
	}
	// A calendar window that is new needs sums nobody remembered.
	other := def.Clone()
	other.Windows = append(other.Windows, calendar(t, "Asia/Kolkata", slo.Month)...)
	r.apply(other)
	r.drive(begin+int64(r.steps)*step, begin+int64(r.steps+2)*step, step, func(ts int64) []arrival {
		r.steps++
		return s.scrape(ts, perScrape-1, 1)
	})
	check("after a reload")
}

func calendar(t *testing.T, zone string, units ...slo.Calendar) (out []slo.Window) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		w, err := slo.ParseWindow(string(u), loc)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, w)
	}
	return out
}
