package native

import (
	"strconv"
	"strings"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// slices reads an SLI whose events are stretches of time: a minute is bad when more
// than a share of its events is, or, with "ratio: true" instead of max_bad, as bad as
// its share of bad events.
//
//	slices:
//	  events: {bad: …, total: …}
//	  max_bad: 5%
//	  length: 1m
func (r reader) slices(m *document.Mapping, l line) slo.SLI {
	events, latency := m.Get("events"), m.Get("latency")
	ratio := m.Get("ratio").Bool()
	limit, length := m.Get("max_bad"), m.Get("length")
	switch {
	case ratio && !limit.IsZero():
		limit.Errorf("\"max_bad\" and \"ratio\" are given: a slice is good or bad, or as bad as its share")
	case !ratio:
		limit = m.Require("max_bad")
	}
	var sli slo.SLI
	switch {
	case events.IsZero() == latency.IsZero():
		m.Node().Errorf("slices judge either \"events\" or \"latency\"")
	case !events.IsZero():
		em := events.Mapping()
		sli = r.events(em)
		em.Done()
	default:
		lm := latency.Mapping()
		sli = r.latency(lm, l)
		lm.Done()
	}
	sli.Slice = slo.Slice{Length: time.Minute, MaxBad: share(limit), Ratio: ratio}
	if !length.IsZero() {
		sli.Slice.Length = r.Duration(length)
	}
	if d := sli.Slice.Length; d < time.Minute || d > time.Hour || d%time.Minute != 0 || time.Hour%d != 0 {
		length.Errorf("length %s: want whole minutes that divide an hour, such as 1m or 5m", length)
	}
	return sli
}

// share reads "5%" or 0.05.
func share(n document.Node) float64 {
	if n.IsZero() {
		return 0
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(n.String()), "%")
	if percent {
		text = strings.TrimSpace(text) + "e-2"
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < 0 || v >= 1 || v != v {
		n.Errorf("share %q: want a part of the events below all of them, such as 5%%", n)
	}
	return v
}
