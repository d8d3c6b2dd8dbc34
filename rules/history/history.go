package history

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// Sum is what a ledger counted up to some instant, since it began. Late amounts
// are included in Total and Bad.
type Sum struct {
	Total, Bad, Observed, Expected, LateTotal, LateBad float64
}

const columns = 6

func (s *Sum) array() *[columns]float64 {
	return &[columns]float64{s.Total, s.Bad, s.Observed, s.Expected, s.LateTotal, s.LateBad}
}

func fromArray(a *[columns]float64) Sum {
	return Sum{a[0], a[1], a[2], a[3], a[4], a[5]}
}

// Add returns s + d.
func (s Sum) Add(d Sum) Sum {
	return Sum{s.Total + d.Total, s.Bad + d.Bad, s.Observed + d.Observed, s.Expected + d.Expected, s.LateTotal + d.LateTotal, s.LateBad + d.LateBad}
}

// Sub returns s − d.
func (s Sum) Sub(d Sum) Sum {
	return Sum{s.Total - d.Total, s.Bad - d.Bad, s.Observed - d.Observed, s.Expected - d.Expected, s.LateTotal - d.LateTotal, s.LateBad - d.LateBad}
}

// Counts drops the late amounts unless late is true (windows of 6 h and more).
func (s Sum) Counts(late bool) slo.Counts {
	c := slo.Counts{Bad: s.Bad, Total: s.Total, Observed: s.Observed, Expected: s.Expected}
	if !late {
		c.Bad -= s.LateBad
		c.Total -= s.LateTotal
	}
	return c
}

// LateWindow is the length from which on a window includes late amounts: alert
// windows under it never see events that arrived after their slot had closed.
const LateWindow = 6 * time.Hour

// Behind is how far before End windows may end and still be exact: sources close their
// slots apart, and a budget is evaluated where the last of them stands.
const Behind = 5 * time.Minute

// History is the closed slots of one ledger. It is not safe for concurrent use.
type History struct {
	levels [4]level
	first  int64 // where counting began, ms
	end    int64 // the newest closed slot's end, ms; 0 before the first
	sum    Sum   // at end
	// calendar is where calendar windows began.
	calendar []boundaries
}

// New returns an empty history for slots of the given length, windows up to longest,
// and those of windows that are calendar windows.
func New(slot, longest time.Duration, windows ...slo.Window) *History {
	h := &History{}
	for _, w := range windows {
		if w.Calendar != "" {
			h.calendar = append(h.calendar, boundaries{window: w})
		}
	}
	newer := int64(0) // how far back the level before reaches, ms
	for i, l := range []struct{ grain, keep time.Duration }{
		{slot, 2 * time.Hour},
		{slo.Grain(6*time.Hour, slot), 6 * time.Hour},
		{slo.Grain(72*time.Hour, slot), 72 * time.Hour},
		{time.Hour, longest},
	} {
		// A start is floored, so it may lie one grain further back.
		reach := (min(l.keep, longest) + l.grain + Behind).Milliseconds()
		h.levels[i] = level{grain: l.grain.Milliseconds(), keep: reach - newer}
		if i > 0 {
			// The level before may end in the middle of a cell.
			h.levels[i].keep += l.grain.Milliseconds()
			h.levels[i-1].older = &h.levels[i]
		}
		newer = reach
	}
	return h
}

// End is the newest closed slot's end, ms; 0 if none was closed.
func (h *History) End() int64 { return h.end }

// First is the start of the first slot closed, ms.
func (h *History) First() int64 { return h.first }

// Sum is what was counted up to End.
func (h *History) Sum() Sum { return h.sum }

// Append closes the slot that ends at end and counted d. Slots in between that
// were never closed count nothing. A slot at or before End is ignored.
func (h *History) Append(end int64, d Sum, slot time.Duration) {
	if h.end == 0 {
		h.first = end - slot.Milliseconds()
		h.end = h.first
		for i := range h.levels {
			h.levels[i].begin(h.first)
		}
	}
	if end <= h.end {
		return
	}
	h.levels[0].add(end, d.array())
	for i := range h.calendar {
		h.calendar[i].pass(h.sum, end, slot)
	}
	h.sum = h.sum.Add(d)
	h.end = end
}

// At is what was counted up to ts: exact where ts is a slot's end within the
// newest 2 h, a multiple of a minute within 6 h, of ten minutes within 3 d, or
// of an hour, and where a calendar window began. Elsewhere it is the sum at the finest
// such instant before ts. After End it is the newest sum, before the first slot 0.
func (h *History) At(ts int64) Sum {
	if ts >= h.end {
		return h.sum
	}
	if ts <= h.first {
		return Sum{}
	}
	for i := range h.calendar {
		if s, ok := h.calendar[i].at(ts); ok {
			return s
		}
	}
	l := &h.levels[0]
	for ts < l.from && l.older != nil {
		l = l.older
	}
	sum := l.at(ts)
	return fromArray(&sum)
}
