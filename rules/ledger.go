package rules

import (
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/history"
)

// ledger counts one budget's events from one source: open slots, what negative
// rests they carry on, and the past. Open slots, carry and rates are guarded by
// the source's lock; cum, hist and refs belong to the evaluator.
type ledger struct {
	budget *budget
	src    *source
	series int

	open  []openSlot // ascending
	spare []float64  // for the next one's sums
	carry carry
	rate  int64 // scrapes expected per slot, in millionths
	live  int   // series scraped now
	// ghost is the rate of the last series that ended: while no other begins, its
	// scrapes are still expected, since all targets gone is not all well.
	ghost int64
	begun int64 // start of the first slot with a sample, ms; 0 before
	dirty bool  // bad events arrived in an open slot
	// sliced is the end of the slice whose events carry holds, ms.
	sliced int64

	cum history.Sum // since the generation began: what the ledger TSDB holds
	// known says that cum is what the ledger TSDB holds, not what it would begin with.
	known bool
	hist  *history.History
	refs  [numStored]storage.SeriesRef
	// lateRows says that the late series exist in the ledger TSDB.
	lateRows, carryRows bool
	// expect is rate as of the newest closed slot.
	expect   int64
	lastData int64 // end of the newest slot with a scrape, ms
}

// carry is what could not be counted without a stored counter falling: a bucket
// arrives in one slot and its count in the next.
type carry struct{ bad, total, lateBad, lateTotal float64 }

// openSlot is a slot that still counts.
type openSlot struct {
	end  int64
	sums []float64 // by term, on time
	late []float64 // by term, late; nil if none
	// base is what was weighed already when the SLI's meaning changed.
	base     carry
	observed int64
	// starts are scrapes to expect in this slot alone; delta, in millionths,
	// changes the rate of this slot (negative) and all later ones.
	starts int64
	delta  int64
	ended  int64
}

func newLedger(b *budget, src *source, slot time.Duration) *ledger {
	return &ledger{budget: b, src: src, hist: b.obj.history(slot)}
}

// at is the open slot that ends at end. The ledger's rows begin with the first slot
// that ever held something.
func (l *ledger) at(end, slot int64) *openSlot {
	if l.begun == 0 || end-slot < l.begun {
		l.begun = end - slot
	}
	i := len(l.open)
	for i > 0 && l.open[i-1].end > end {
		i--
	}
	if i > 0 && l.open[i-1].end == end {
		return &l.open[i-1]
	}
	n := len(l.open)
	l.open = append(l.open, openSlot{})
	copy(l.open[i+1:], l.open[i:n])
	// The term sums of the slot closed last serve again.
	clear(l.spare)
	l.open[i] = openSlot{end: end, sums: l.spare}
	l.spare = nil
	s := &l.open[i]
	if terms := len(l.budget.obj.SLI.Counted()); len(s.sums) != terms {
		s.sums = make([]float64, terms)
	}
	return s
}

// add counts events of the term at event time t: in their own slot, or as late in
// the oldest open one.
func (b *bound) add(t int64, events float64, slot int64) {
	if events == 0 {
		return
	}
	l := b.led
	if t <= l.src.closed {
		if t <= l.budget.obj.record.Until {
			return // the past is still to be counted
		}
		s := l.at(l.src.closed+slot, slot)
		l.src.noteSlot(s.end)
		if s.late == nil {
			s.late = make([]float64, len(s.sums))
		}
		s.late[b.place] += events
		return
	}
	l.at(l.src.slotEnd(t, slot), slot).sums[b.place] += events
	if b.term.Bad > 0 && !l.dirty {
		l.dirty = true
		l.src.dirty = append(l.src.dirty, l)
	}
}

// slotOf is the open slot for a scrape seen at t.
func (l *ledger) slotOf(t, slot int64) *openSlot {
	return l.at(max(l.src.slotEnd(t, slot), l.src.closed+slot), slot)
}

// close takes the counts of the slot that ends at end out of the open slots. Slots
// must be closed in order. gap is how many empty slots before it were left out,
// whose scrapes were expected all the same.
func (l *ledger) close(end int64, gap int64) history.Sum {
	var on, late struct{ bad, total float64 }
	var d history.Sum
	starts, ended, delta := int64(0), int64(0), int64(0)
	for len(l.open) > 0 && l.open[0].end <= end {
		s := l.open[0]
		on.bad += s.base.bad
		on.total += s.base.total
		late.bad += s.base.lateBad
		late.total += s.base.lateTotal
		for i := range l.budget.obj.SLI.Counted() {
			t := &l.budget.obj.SLI.Counted()[i]
			on.bad += t.Bad * s.sums[i]
			on.total += t.Total * s.sums[i]
			if s.late != nil {
				late.bad += t.Bad * s.late[i]
				late.total += t.Total * s.late[i]
			}
		}
		d.Observed += float64(s.observed)
		starts, ended, delta = starts+s.starts, ended+s.ended, delta+s.delta
		l.spare, l.open = s.sums, l.open[1:]
	}
	d.Expected = float64((l.rate+ended)+l.rate*gap)/1e6 + float64(starts)
	l.rate = max(0, l.rate+delta)
	l.expect = l.rate
	if s := l.budget.obj.SLI.Slice; s.Length > 0 {
		d.Bad, d.Total = l.judge(s, end, on.bad+late.bad, on.total+late.total)
		return d
	}
	// What is late may be the other part of what came in time: the sum of both is
	// settled, and as much of it is late as can be.
	d.Bad, l.carry.bad = settle(on.bad+late.bad, l.carry.bad)
	d.Total, l.carry.total = settle(on.total+late.total, l.carry.total)
	d.LateBad, l.carry.lateBad = settle(late.bad, l.carry.lateBad)
	d.LateTotal, l.carry.lateTotal = settle(late.total, l.carry.lateTotal)
	d.LateBad, d.LateTotal = min(d.LateBad, d.Bad), min(d.LateTotal, d.Total)
	return d
}

// settle adds what is carried and carries on a negative rest.
func settle(v, carried float64) (counted, rest float64) {
	v += carried
	if v < 0 {
		return 0, v
	}
	return v, 0
}

// enter and leave count a series in and out of those scraped; rate is how many
// scrapes a slot it brings, in millionths. The scrape it enters with is expected.
func (l *ledger) enter(t, slot, rate int64) {
	l.slotOf(t, slot).starts++
	l.join(t, slot, rate)
}

// join counts a series in whose newest scrape, at t, was not this ledger's.
func (l *ledger) join(t, slot, rate int64) {
	l.live++
	l.change(t, slot, 0, rate)
	if l.ghost > 0 {
		l.depart(t, slot, l.ghost)
		l.ghost = 0
	}
}

func (l *ledger) leave(t, slot, rate int64) {
	l.live--
	if l.live <= 0 {
		l.live = 0
		l.ghost += rate
		return
	}
	l.depart(t, slot, rate)
}

// change says that a series that was scraped at t comes at another rate from then on;
// what it came at before, until the end of that slot, is taken back.
func (l *ledger) change(t, slot, from, to int64) {
	s := l.slotOf(t, slot)
	s.delta += to - from
	s.starts += rest(s.end-t, slot, to) - rest(s.end-t, slot, from)
}

// depart says that the scrape at t and all later ones will not come.
func (l *ledger) depart(t, slot, rate int64) {
	s := l.slotOf(t, slot)
	s.delta -= rate
	s.ended -= rate
	s.starts += rest(t-(s.end-slot)-1, slot, rate)
}

// rest is how many scrapes, at a rate a slot in millionths, follow one within the time
// given, ms.
func rest(within, slot, rate int64) int64 {
	if rate == 0 || within < 0 {
		return 0
	}
	return within / (slot * 1_000_000 / rate)
}

// sumAt is what was counted up to ts. While the source is behind ts its scrapes
// are still expected, until the source is given up.
func (l *ledger) sumAt(ts, slot int64) history.Sum {
	s := l.hist.At(ts)
	if end := l.hist.End(); end > 0 && ts > end {
		ts = min(ts, end+forgottenAfter)
		s.Expected += float64(l.expect) / 1e6 * float64((ts-end)/slot)
	}
	return s
}
