package openslo

import (
	"strconv"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// units of OpenSLO's durations beyond Prometheus's; lengths are nominal.
var units = map[string]slo.Calendar{"d": slo.Day, "w": slo.Week, "M": slo.Month, "Q": slo.Quarter}

// alphaUnits are v1alpha's words for them.
var alphaUnits = map[string]string{"day": "d", "week": "w", "month": "M", "quarter": "Q", "year": "Y", "hour": "h"}

// window reads the SLO's one time window.
func (r reader) window(s *document.Mapping) slo.Window {
	n := s.Get("timeWindow", "timeWindows")
	list := n.OneOrMore()
	switch {
	case len(list) == 0:
		at := n
		if at.IsZero() {
			at = s.Node()
		}
		r.Finding(slo.LevelInfo, "assumed", at.Problem("the SLO names no time window: %s is assumed", r.DefaultWindow))
		return r.DefaultWindow
	case len(list) > 1:
		list[1].Errorf("an SLO has one time window: remove the others")
	}
	m := list[0].Mapping()
	duration, calendar, rolling := m.Get("duration"), m.Get("calendar"), m.Get("isRolling")
	count, unit := m.Get("count"), m.Get("unit")
	m.Done()
	text, at := duration.String(), duration
	if duration.IsZero() {
		text, at = count.String()+alphaUnits[strings.ToLower(unit.String())], unit
		if count.IsZero() || unit.IsZero() {
			m.Node().Errorf("the time window has no duration: want one such as 28d")
			return r.DefaultWindow
		}
		if alphaUnits[strings.ToLower(unit.String())] == "" {
			unit.Errorf("unit %q is not known: want Hour, Day, Week, Month or Quarter", unit)
			return r.DefaultWindow
		}
	}
	if !rolling.Bool() && (!calendar.IsZero() || !rolling.IsZero()) {
		return r.calendar(at, text, calendar)
	}
	return r.rolling(at, text)
}

func (r reader) rolling(at document.Node, text string) slo.Window {
	n, unit := split(text)
	if c, ok := units[unit]; ok && (unit == "M" || unit == "Q") {
		one, _ := slo.ParseWindow(string(c), time.UTC)
		text = slo.FormatDuration(time.Duration(n) * one.Nominal())
		r.Finding(slo.LevelInfo, "assumed", at.Problem("a rolling window has a fixed length: %s is taken for %s", at, text))
	}
	w, err := slo.ParseWindow(text, time.UTC)
	if err != nil {
		at.Errorf("%v", err)
		return r.DefaultWindow
	}
	return w
}

// calendar reads a window that begins at calendar boundaries.
func (r reader) calendar(at document.Node, text string, n document.Node) slo.Window {
	m := n.Mapping()
	start, zoneNode := m.Get("startTime"), m.Get("timeZone")
	m.Done()
	zone := time.UTC
	if !zoneNode.IsZero() {
		z, err := time.LoadLocation(zoneNode.String())
		if err != nil || zoneNode.String() == "Local" {
			zoneNode.Errorf("time zone %q is not known: want a name such as Europe/Berlin", zoneNode)
			return r.DefaultWindow
		}
		zone = z
	}
	count, unit := split(text)
	c, ok := units[unit]
	if !ok || count != 1 {
		at.Errorf("calendar window %q: want 1d, 1w, 1M or 1Q", text)
		return r.DefaultWindow
	}
	w, err := slo.ParseWindow(string(c), zone)
	if err != nil {
		at.Errorf("%v", err)
		return r.DefaultWindow
	}
	if !start.IsZero() && !onBoundary(start.String(), w) {
		r.Finding(slo.LevelWarning, "window", start.Problem("startTime %s is not where a %s begins: the window begins with the %s (weeks on Monday)", start, c, c))
	}
	return w
}

// onBoundary says whether a time is where the calendar window begins.
func onBoundary(text string, w slo.Window) bool {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, w.Zone); err == nil {
			return w.Start(t.UnixMilli()+1, time.Second) == t.UnixMilli()
		}
	}
	t, err := time.Parse(time.RFC3339, text)
	return err == nil && w.Start(t.UnixMilli()+1, time.Second) == t.UnixMilli()
}

// split is the number and the unit of a duration of one unit.
func split(text string) (int, string) {
	i := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	if i <= 0 {
		return 0, ""
	}
	n, err := strconv.Atoi(text[:i])
	if err != nil {
		return 0, ""
	}
	return n, text[i:]
}
