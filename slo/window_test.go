package slo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// TestStartRolling: a rolling window begins on its grain, at most one grain before its
// length says, and never moves back; grains divide each other, so that what is known
// for a short window is known for a long one.
func TestStartRolling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slot := rapid.SampledFrom([]time.Duration{15 * time.Second, 30 * time.Second, time.Minute}).Draw(t, "slot")
		length := time.Duration(rapid.IntRange(1, 92*24*60).Draw(t, "minutes")) * time.Minute
		ts := rapid.Int64Range(1, 1<<33).Draw(t, "slots") * slot.Milliseconds()
		w, grain := slo.Rolling(length), slo.Grain(length, slot)
		start := w.Start(ts, slot)
		exact := ts - length.Milliseconds()
		if start > exact || start <= exact-grain.Milliseconds() || start%grain.Milliseconds() != 0 {
			t.Fatalf("window %s at %d: begins at %d, not on the %s before %d", w, ts, start, grain, exact)
		}
		if next := w.Start(ts+slot.Milliseconds(), slot); next < start {
			t.Fatalf("window %s moves back from %d to %d", w, start, next)
		}
		if longer := slo.Grain(length+time.Minute, slot); longer%grain != 0 {
			t.Fatalf("grain %s after %s", longer, grain)
		}
	})
}

func TestGrain(t *testing.T) {
	for _, c := range []struct{ length, want time.Duration }{
		{5 * time.Minute, 15 * time.Second}, {2 * time.Hour, 15 * time.Second},
		{2*time.Hour + time.Minute, time.Minute}, {6 * time.Hour, time.Minute},
		{7 * time.Hour, 10 * time.Minute}, {72 * time.Hour, 10 * time.Minute},
		{73 * time.Hour, time.Hour}, {92 * 24 * time.Hour, time.Hour},
	} {
		if have := slo.Grain(c.length, 15*time.Second); have != c.want {
			t.Errorf("%s: want %s, have %s", c.length, c.want, have)
		}
	}
}

var zones = []string{
	"UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham", "Australia/Lord_Howe", "Europe/Berlin",
	"America/Havana", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Antarctica/Troll", "Asia/Beirut",
}

// TestStartCalendar walks civil days, by the clock of each zone, over fifty years: the
// window that ends within a period begins with the period's first instant, and the one
// that ends at a boundary with the boundary before.
func TestStartCalendar(t *testing.T) {
	const slot = 15 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		unit := rapid.SampledFrom([]slo.Calendar{slo.Day, slo.Week, slo.Month, slo.Quarter}).Draw(t, "unit")
		w, err := slo.ParseWindow(string(unit), zone)
		if err != nil {
			t.Fatal(err)
		}
		ts := rapid.Int64Range(800_000_000/15, 2_400_000_000/15).Draw(t, "slot") * slot.Milliseconds()
		start := w.Start(ts, slot)
		if start >= ts {
			t.Fatalf("%s %s: the window that ends at %d begins at %d", unit, zone, ts, start)
		}
		period := func(ms int64) (int, int) { // of the instant that begins at ms
			d := time.UnixMilli(ms).In(zone)
			switch unit {
			case slo.Week:
				return d.ISOWeek()
			case slo.Month:
				return d.Year(), int(d.Month())
			case slo.Quarter:
				return d.Year(), (int(d.Month()) - 1) / 3
			}
			return d.Year(), d.YearDay()
		}
		y, p := period(ts - 1)
		if sy, sp := period(start); sy != y || sp != p {
			t.Fatalf("%s %s: begins at %s, in another period than %s", unit, zone, time.UnixMilli(start).In(zone), time.UnixMilli(ts).In(zone))
		}
		if by, bp := period(start - 1); by == y && bp == p {
			t.Fatalf("%s %s: the period of %s began before %s", unit, zone, time.UnixMilli(ts).In(zone), time.UnixMilli(start).In(zone))
		}
		if again := w.Start(start+slot.Milliseconds(), slot); again != start {
			t.Fatalf("%s %s: its first slot has a window that begins at %d, not %d", unit, zone, again, start)
		}
		if before := w.Start(start, slot); before >= start {
			t.Fatalf("%s %s: the slot that ends on the boundary belongs to the period that begins there", unit, zone)
		}
	})
}

func TestStartCalendarByHand(t *testing.T) {
	for _, c := range []struct{ unit, zone, at, want string }{
		{"month", "Asia/Kathmandu", "2026-03-31T18:15:00Z", "2026-02-28T18:15:00Z"},
		{"month", "Asia/Kathmandu", "2026-03-31T18:15:15Z", "2026-03-31T18:15:00Z"},
		{"day", "America/New_York", "2026-03-08T20:00:00Z", "2026-03-08T05:00:00Z"},
		{"day", "America/New_York", "2026-03-09T04:00:15Z", "2026-03-09T04:00:00Z"}, // 23 hours
		{"day", "America/New_York", "2026-11-02T05:00:00Z", "2026-11-01T04:00:00Z"}, // 25 hours
		{"week", "Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-22T23:00:00Z"},
		{"quarter", "Pacific/Chatham", "2026-04-01T00:00:00Z", "2026-03-31T10:15:00Z"},
		{"quarter", "UTC", "2026-12-31T23:59:45Z", "2026-10-01T00:00:00Z"},
		{"day", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"}, // midnight was skipped
		{"day", "America/Havana", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z"},    // midnight came twice
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		w, err := slo.ParseWindow(c.unit, zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if have := time.UnixMilli(w.Start(at.UnixMilli(), 15*time.Second)).UTC().Format(time.RFC3339); have != c.want {
			t.Errorf("%s in %s at %s: want %s, have %s", c.unit, c.zone, c.at, c.want, have)
		}
	}
}
