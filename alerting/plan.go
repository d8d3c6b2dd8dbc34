package alerting

import (
	"cmp"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// want is an alert as one target sees it.
type want struct {
	it *item
	d  *delivery
}

// urgency orders what is owed: pages nobody has heard of go first. What a target
// refused before goes last and by itself.
type urgency uint8

const (
	urgentPage urgency = iota
	urgentOther
	repeated
	refusedBefore
)

type candidate struct {
	want
	urgency urgency
}

// look brings the target's view up to the table. Called with the table locked.
func (t *target) look() {
	if t.seen == t.table.version && t.view != nil {
		return
	}
	t.seen = t.table.version
	t.view = t.view[:0]
	// Relabeling may give two alerts one identity; then one speaks for both.
	var speaker map[string]want
	if len(t.set.id.rules) > 0 {
		speaker = make(map[string]want, len(t.table.items))
	}
	var buf []byte
	for _, it := range t.table.items {
		d := it.delivery(t.key)
		if d.gen != t.gen {
			ls, keep := t.set.id.of(it.alert.Labels)
			d.identify(t.gen, ls, keep)
			if !keep {
				t.m.dropped(t.key, dropRelabel).Inc()
			}
		}
		d.shadowed = false
		if !d.keep {
			continue
		}
		w := want{it, d}
		if speaker != nil {
			buf = d.labels.Bytes(buf)
			if other, ok := speaker[string(buf)]; ok {
				if other.it.speaksFor(it) {
					d.shadowed = true
					continue
				}
				other.d.shadowed = true
			}
			speaker[string(buf)] = w
		}
		t.view = append(t.view, w)
	}
}

// plan returns the batch to post now, most urgent first, and otherwise when to look
// again. Called with the table locked.
func (t *target) plan(now time.Time) (batch []notice, next time.Time) {
	t.look()
	next = now.Add(t.opts.Resend)
	var due []candidate
	waiting, quarantined := 0, 0
	for _, w := range t.view {
		if w.d.shadowed {
			continue
		}
		if !w.d.quarantined.IsZero() {
			quarantined++
		}
		owed, at := w.d.owes(&w.it.alert, w.it.ended, t.opts.Resend, t.lost)
		if owed == news {
			waiting++
		}
		switch {
		case owed == nothing:
			t.miss(w)
		case at.After(now):
			next = earlier(next, at)
		default:
			due = append(due, candidate{w, urgencyOf(w, owed)})
		}
	}
	t.queue.Store(int64(waiting))
	t.quarantined.Store(int64(quarantined))
	return t.notices(t.first(due), now), next
}

// miss counts an alert that was resolved before this target ever heard of it.
func (t *target) miss(w want) {
	if w.d.missed || w.it.alert.State != slo.AlertResolved || w.d.Episode == w.it.alert.FiredAt || t.since.After(w.it.stated) {
		return
	}
	w.d.missed = true
	t.m.dropped(t.key, dropResolvedUnsent).Inc()
}

func urgencyOf(w want, owed debt) urgency {
	switch {
	case w.d.refusal != "":
		return refusedBefore
	case (owed == news || w.d.sent.IsZero()) && w.it.page():
		return urgentPage
	case owed == news:
		return urgentOther
	}
	return repeated
}

// first picks the batch out of what is due. What was in requests that failed makes
// room for the others, or one alert on which a target chokes would stop them all.
func (t *target) first(due []candidate) []candidate {
	due = foremost(due, t.limit)
	if n := slices.IndexFunc(due, func(c candidate) bool { return c.urgency == refusedBefore }); n > 0 {
		due = due[:n]
	}
	return due
}

// before orders candidates.
func before(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(a.urgency/refusedBefore, b.urgency/refusedBefore),
		cmp.Compare(a.d.failures, b.d.failures),
		cmp.Compare(a.urgency, b.urgency),
		a.d.tried.Compare(b.d.tried),
		cmp.Compare(a.it.seq, b.it.seq),
	)
}

// foremost returns the first n in order, without sorting the rest: in a mass outage
// 256 are picked out of 10,000 again and again.
func foremost(all []candidate, n int) []candidate {
	n = min(n, len(all))
	// What is left of lo comes before all in [lo, hi), what is right of hi after.
	for lo, hi := 0, len(all); lo < n && n < hi; {
		pivot := all[(lo+hi)/2]
		all[(lo+hi)/2], all[hi-1] = all[hi-1], pivot
		at := lo
		for i := lo; i < hi-1; i++ {
			if before(all[i], pivot) < 0 {
				all[i], all[at] = all[at], all[i]
				at++
			}
		}
		all[at], all[hi-1] = pivot, all[at]
		if at < n {
			lo = at + 1
		} else {
			hi = at
		}
	}
	all = all[:n]
	slices.SortFunc(all, before)
	return all
}

func (t *target) notices(due []candidate, now time.Time) []notice {
	batch := make([]notice, 0, len(due))
	for _, c := range due {
		n := compose(&c.it.alert, c.d.labels, now, t.opts.life(), t.clock.off(now))
		n.it, n.d, n.gen, n.bare = c.it, c.d, c.d.gen, c.d.bare
		c.d.tried = now
		batch = append(batch, n)
	}
	return batch
}

// lastPages are the pages this target has not acknowledged: the last batch before
// the process ends. Never a resolution: what stops is the sender, not the fault.
// Called with the table locked.
func (t *target) lastPages(now time.Time) []notice {
	t.look()
	var due []candidate
	for _, w := range t.view {
		if w.d.shadowed || w.it.alert.State != slo.AlertFiring || !w.it.page() {
			continue
		}
		if owed, at := w.d.owes(&w.it.alert, w.it.ended, t.opts.Resend, time.Time{}); owed == news && !at.After(now) {
			due = append(due, candidate{w, urgentPage})
		}
	}
	return t.notices(t.first(due), now)
}
