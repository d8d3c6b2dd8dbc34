package rules

import "github.com/slowburn/slowburn/slo"

// judge adds the events of the slot that ends at end to its slice and, where that
// slice ends, answers with it as one event, good or bad, or as bad as its share. What a slice has so far is
// the ledger's carry: it is stored beside every slot, so a restart in the middle of a
// slice loses nothing. Slices without events are no events. A late event belongs to
// the slice that is open when it arrives.
func (l *ledger) judge(s slo.Slice, end int64, bad, total float64) (badSlices, slices float64) {
	length := s.Length.Milliseconds()
	verdict := func() {
		if l.carry.total > 0 {
			slices++
			switch {
			case s.Ratio:
				badSlices += min(1, max(0, l.carry.bad/l.carry.total))
			case l.carry.bad > s.MaxBad*l.carry.total:
				badSlices++
			}
		}
		l.carry = carry{}
	}
	if l.sliced == 0 {
		l.sliced = slotEnd(l.hist.End(), length) // after a start
	}
	if slotEnd(end, length) != l.sliced {
		verdict() // its last slots were left out: the source was silent
	}
	l.sliced = slotEnd(end, length)
	l.carry.bad += bad
	l.carry.total += total
	if end == l.sliced {
		verdict()
	}
	return badSlices, slices
}
