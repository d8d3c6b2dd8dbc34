package slo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxWindow is the longest budget window.
const MaxWindow = 92 * 24 * time.Hour

const day = 24 * time.Hour

// Window is a stretch of event time that ends at a slot's end: rolling (Length)
// or from a calendar boundary (Calendar, in Zone).
type Window struct {
	Length   time.Duration
	Calendar Calendar
	Zone     *time.Location
}

// Calendar is a calendar unit; empty for rolling windows.
type Calendar string

// The calendar windows. Weeks begin on Monday (ISO 8601).
const (
	Day     Calendar = "day"
	Week    Calendar = "week"
	Month   Calendar = "month"
	Quarter Calendar = "quarter"
)

// Rolling is the rolling window of the given length.
func Rolling(length time.Duration) Window { return Window{Length: length} }

// ParseWindow reads "30d", "6h", "4w" or day, week, month, quarter. zone is the
// IANA zone of calendar windows; nil is UTC.
func ParseWindow(s string, zone *time.Location) (Window, error) {
	if zone == nil {
		zone = time.UTC
	}
	switch c := Calendar(s); c {
	case Day, Week, Month, Quarter:
		return Window{Calendar: c, Zone: zone, Length: nominal[c]}, nil
	}
	d, err := ParseDuration(s)
	if err != nil {
		return Window{}, fmt.Errorf("window %q: want a duration such as 30d, or day, week, month, quarter", s)
	}
	switch {
	case d < time.Hour:
		return Window{}, fmt.Errorf("window %q is shorter than 1h: a budget that short cannot be alerted on", s)
	case d > MaxWindow:
		return Window{}, fmt.Errorf("window %q is longer than 92d", s)
	case d%time.Minute != 0:
		return Window{}, fmt.Errorf("window %q is not a whole number of minutes", s)
	}
	return Rolling(d), nil
}

// nominal lengths of calendar windows, by which burn-rate factors scale.
var nominal = map[Calendar]time.Duration{Day: day, Week: 7 * day, Month: 30 * day, Quarter: 91 * day}

// ParseDuration reads Prometheus's duration syntax ("1h30m", "4w").
func ParseDuration(s string) (time.Duration, error) {
	var total time.Duration
	rest := s
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return 0, fmt.Errorf("not a duration: %q", s)
		}
		n, err := strconv.ParseInt(rest[:i], 10, 32)
		if err != nil {
			return 0, fmt.Errorf("not a duration: %q", s)
		}
		rest = rest[i:]
		unit := strings.IndexFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' })
		if unit < 0 {
			unit = len(rest)
		}
		u, ok := units[rest[:unit]]
		if !ok {
			return 0, fmt.Errorf("not a duration: %q has unit %q, want ms, s, m, h, d, w or y", s, rest[:unit])
		}
		total += time.Duration(n) * u
		rest = rest[unit:]
	}
	if total == 0 && s != "0" {
		return 0, fmt.Errorf("not a duration: %q", s)
	}
	return total, nil
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": day, "w": 7 * day, "y": 365 * day,
}

// FormatDuration writes d in its largest whole unit of s, m, h, d: "7d", "90m".
func FormatDuration(d time.Duration) string {
	for _, u := range []struct {
		d time.Duration
		s string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d != 0 && d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.s
		}
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// String is the value of the `window` label: "30d" or "month".
func (w Window) String() string {
	if w.Calendar != "" {
		return string(w.Calendar)
	}
	return FormatDuration(w.Length)
}

// Grain is what the start of a rolling window of this length is floored to, for
// slots of the given length: the slot to 2 h, 1 min to 6 h, 10 min to 3 d, 1 h
// beyond. So memory and ledger need to know the past only that finely.
func Grain(length, slot time.Duration) time.Duration {
	switch {
	case length <= 2*time.Hour:
		return slot
	case length <= 6*time.Hour:
		return max(time.Minute, slot)
	case length <= 3*day:
		return 10 * time.Minute
	}
	return time.Hour
}

// Start is the left end of the window that ends at ts, itself excluded: events
// in (Start, ts] count. ts is a slot's end in ms; slot is the slot's length.
// This is the one alignment rule: engine, derived series, oracle and reports all
// call it.
func (w Window) Start(ts int64, slot time.Duration) int64 {
	if w.Calendar != "" {
		return w.boundary(ts)
	}
	return floor(ts-w.Length.Milliseconds(), Grain(w.Length, slot).Milliseconds())
}

// boundary is the newest calendar boundary before ts. Slots are left-open, so
// the one that ends on a boundary belongs to the period that ends there.
func (w Window) boundary(ts int64) int64 {
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	t := time.UnixMilli(ts - 1).In(zone)
	y, m, d := t.Date()
	switch w.Calendar {
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	case Quarter:
		d, m = 1, m-(m-1)%3
	}
	return startOfDay(y, m, d, zone).UnixMilli()
}

// startOfDay is the first instant of a civil day. Where a clock change skips
// midnight the day begins at the change.
func startOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if want := time.Date(y, m, d, 12, 0, 0, 0, time.UTC); t.Day() != want.Day() {
		// Midnight does not exist: time.Date answered with the hour before the gap.
		_, end := t.ZoneBounds()
		return end
	}
	if prev := t.Add(-time.Hour); prev.Day() == t.Day() {
		// Midnight exists twice: the day begins with the first.
		return prev
	}
	return t
}

// Nominal is the window's length, for calendar windows a fixed 1, 7, 30 or 91
// days: burn-rate factors scale by it.
func (w Window) Nominal() time.Duration { return w.Length }

func floor(ts, grain int64) int64 {
	r := ts % grain
	if r < 0 {
		r += grain
	}
	return ts - r
}

// SlotEnd is the end of the slot that ts lies in. Slots are left-open: a ts on
// the grid ends its own slot.
func SlotEnd(ts int64, slot time.Duration) int64 {
	ms := slot.Milliseconds()
	return floor(ts+ms-1, ms)
}
