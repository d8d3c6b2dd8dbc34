package derive

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// evaluation computes one series' values, slot by slot.
type evaluation struct {
	entry   *entry
	variant *variant
	slot    time.Duration
	curve   *curve
	windows []windowCursor
	states  *stateCurve
	pairs   []slo.PairStatus // room for those of one slot

	// ts is the slot's end, and i the index of the curve's newest change by then.
	ts int64
	i  int
}

// reset turns e to another series; curve is nil if its values need no data.
func (e *evaluation) reset(en *entry, v *variant, slot time.Duration, c *curve) {
	*e = evaluation{entry: en, variant: v, slot: slot, curve: c, windows: e.windows[:0], i: -1}
	if c == nil {
		return
	}
	for _, w := range v.reads(en.shape) {
		e.windows = append(e.windows, windowCursor{window: w, onTime: withoutLate(w), i: -1})
	}
}

func (e *evaluation) target() float64 { return e.entry.TargetAt(e.ts) }

// counts are those of window w that ends at ts. Windows that were not announced by
// metric.reads have none.
func (e *evaluation) counts(w slo.Window) slo.Counts {
	for k := range e.windows {
		if c := &e.windows[k]; c.window == w {
			return c.counts(e)
		}
	}
	return slo.Counts{}
}

// windowCursor follows one window's start along a curve.
type windowCursor struct {
	window slo.Window
	onTime bool // leaves late amounts out
	// start is the window's for every ts in (from, to], and i the index of the newest
	// change at or before it.
	from, to, start int64
	i               int
}

func (c *windowCursor) counts(e *evaluation) slo.Counts {
	if e.ts <= c.from || e.ts > c.to {
		c.move(e)
	}
	if parts := e.curve.parts; parts != nil {
		return slo.Compose(e.entry.Objective.SLI.Members, func(i int) slo.Counts { return c.of(&parts[i], e, c.start) })
	}
	return c.of(&e.curve.strand, e, c.start)
}

// of are the counts of one strand of the evaluation's curve.
func (c *windowCursor) of(s *strand, e *evaluation, start int64) slo.Counts {
	sub := func(k kind) float64 {
		if s.col[k] == nil {
			return 0
		}
		return s.counter(k, e.i) - s.counter(k, c.i)
	}
	n := slo.Counts{Bad: sub(kindBad), Total: sub(kindTotal), Observed: sub(kindObserved), Expected: sub(kindExpected)}
	if c.onTime {
		n.Bad -= sub(kindLateBad)
		n.Total -= sub(kindLateTotal)
	}
	return n.Reaching(start, s.first, e.ts)
}

// move finds where the window begins. Starts of long windows stay for an hour or more,
// and never go back: one that is the same at both ends of a stretch is the same all
// along it.
func (c *windowCursor) move(e *evaluation) {
	c.start = c.window.Start(e.ts, e.slot)
	c.i = e.curve.at(c.i, c.start)
	c.from, c.to = e.ts-1, e.ts
	if c.window.Calendar == "" {
		c.to = c.start + c.window.Length.Milliseconds() + slo.Grain(c.window.Length, e.slot).Milliseconds() - 1
	} else if ahead := e.ts + hour.Milliseconds(); c.window.Start(ahead, e.slot) == c.start {
		c.to = ahead
	}
}
