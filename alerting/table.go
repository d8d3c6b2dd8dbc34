package alerting

import (
	"sync"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// table is the desired state, and beside each alert what every target knows of it.
// One lock guards all of it: it is held for map work only, never for I/O.
type table struct {
	mu    sync.Mutex
	items map[string]*item // by the bytes of the labels
	// version counts changes that make a target look anew.
	version uint64
	seq     uint64
	// gone are the keys of forgotten items still to be deleted from the store.
	gone map[string]struct{}
}

// item is one alert.
type item struct {
	key   string // in the store
	seq   uint64 // order of appearance
	alert slo.Alert
	// stated and ended are when the engine first said that the episode began and
	// ended, wall time; ended is zero while it fires.
	stated, ended time.Time
	deliveries    map[string]*delivery // by target
	// restored: read from the store, so any target may have been offered it.
	restored bool
	// restated is the FiredAt by which this process states the episode that it was
	// restored in, ms, if that is another.
	restated int64

	// dirty: on disk it stands otherwise, since saved. stale: only what it says has
	// changed, which can wait for a minute.
	dirty, stale bool
	saved        time.Time
}

func newTable() *table {
	return &table{items: map[string]*item{}, gone: map[string]struct{}{}}
}

// page says whether somebody is to be woken.
func (it *item) page() bool { return it.alert.Labels.Get("severity") == slo.SeverityPage }

// delivery is how the item stands with the target of that key.
func (it *item) delivery(target string) *delivery {
	d, ok := it.deliveries[target]
	if !ok {
		d = &delivery{offered: it.restored}
		if it.deliveries == nil {
			it.deliveries = make(map[string]*delivery, 2)
		}
		it.deliveries[target] = d
	}
	return d
}

// change is what one Set does to one alert.
type change struct {
	at         string // key in the table
	it         *item  // the item it becomes; may be new
	alert      slo.Alert
	stated     time.Time
	ended      time.Time
	restated   int64
	transition bool
}

// diff compares the stated level with the table and returns what has to change.
// It changes nothing.
func (t *table) diff(alerts []slo.Alert, now time.Time) []change {
	var (
		changes []change
		buf     []byte
		seen    = make(map[*item]int, len(alerts)) // index in changes + 1
		fresh   map[string]int
	)
	for i := range alerts {
		a := settle(alerts[i], now)
		if a.State == slo.AlertPending {
			continue
		}
		buf = a.Labels.Bytes(buf)
		it, known := t.items[string(buf)]
		n, twice := 0, false
		if known {
			n, twice = seen[it]
		} else {
			n, twice = fresh[string(buf)]
		}
		if twice {
			// The end of one episode and the next, or two rules with one identity: what
			// fires decides.
			if n > 0 && a.State == slo.AlertFiring && changes[n-1].alert.State != slo.AlertFiring {
				changes[n-1] = next(it, a, now, string(buf))
			}
			continue
		}
		if !known && a.State == slo.AlertResolved {
			// Forgotten long ago, or it came and went between two looks.
			continue
		}
		changes = append(changes, next(it, a, now, string(buf)))
		if known {
			seen[it] = len(changes)
		} else {
			if fresh == nil {
				fresh = map[string]int{}
			}
			fresh[string(buf)] = len(changes)
		}
	}
	for at, it := range t.items {
		if _, ok := seen[it]; ok || it.alert.State != slo.AlertFiring {
			continue
		}
		a := it.alert
		a.State, a.ResolvedAt, a.HeldUntil = slo.AlertResolved, max(now.UnixMilli(), a.FiredAt), 0
		changes = append(changes, next(it, a, now, at))
	}
	return changes
}

// settle makes a stated alert say one thing only.
func settle(a slo.Alert, now time.Time) slo.Alert {
	if a.State == slo.AlertPending {
		return a
	}
	if a.FiredAt == 0 {
		a.FiredAt = a.ActiveAt
	}
	if a.FiredAt == 0 {
		a.FiredAt = now.UnixMilli()
	}
	switch {
	case a.State == slo.AlertResolved && a.ResolvedAt == 0:
		a.ResolvedAt = now.UnixMilli()
	case a.ResolvedAt != 0:
		a.State = slo.AlertResolved
	default:
		a.State = slo.AlertFiring
	}
	if a.State == slo.AlertResolved {
		a.ResolvedAt = max(a.ResolvedAt, a.FiredAt)
	}
	return a
}

// next is what stating a makes of it; it is nil for an alert not known before.
func next(it *item, a slo.Alert, now time.Time, at string) change {
	if it == nil {
		return change{at: at, it: &item{}, alert: a, stated: now, transition: true}
	}
	c := change{at: at, it: it, stated: now, restated: it.restated}
	firesOn := a.State == slo.AlertFiring && it.alert.State == slo.AlertFiring && a.FiredAt > it.alert.FiredAt
	if it.restored && (firesOn || a.FiredAt == it.restated) {
		// It fired when the process before ended, and nobody heard that it was over: who
		// states it need not know since when, such as SLOWatchdog.
		c.restated = a.FiredAt
		a.ActiveAt, a.FiredAt = it.alert.ActiveAt, it.alert.FiredAt
	}
	c.alert = a
	if a.FiredAt == it.alert.FiredAt {
		c.stated = it.stated
		c.ended = it.ended
	}
	if a.State == slo.AlertFiring {
		c.ended = time.Time{}
	} else if c.ended.IsZero() {
		c.ended = now
	}
	c.transition = a.State != it.alert.State || a.FiredAt != it.alert.FiredAt
	return c
}

// record is the change's record, before it is applied.
func (c *change) record() (string, Record) {
	after := *c.it
	after.alert, after.stated, after.ended = c.alert, c.stated, c.ended
	if after.key == "" {
		after.key = c.alert.Labels.String()
	}
	return after.key, after.record()
}

// apply makes the changes. saved says whether their transitions are on disk.
func (t *table) apply(changes []change, now time.Time, saved bool) {
	for i := range changes {
		c := &changes[i]
		it := c.it
		if it.key == "" {
			it.key = c.alert.Labels.String()
			t.seq++
			it.seq = t.seq
			t.items[c.at] = it
			delete(t.gone, it.key)
		}
		switch {
		case c.transition:
			it.dirty = it.dirty || !saved
			it.saved = now
			t.version++
			for _, d := range it.deliveries {
				d.missed, d.quarantined, d.refusal, d.bare = false, time.Time{}, "", false
			}
		case c.alert.HeldUntil != it.alert.HeldUntil:
			it.dirty = true
		case c.alert.GeneratorURL != it.alert.GeneratorURL || !equal(c.alert, it.alert):
			it.stale = true
		}
		it.alert, it.stated, it.ended, it.restated = c.alert, c.stated, c.ended, c.restated
	}
}

// restore puts a record read from the store into the table.
func (t *table) restore(key string, r Record) {
	t.seq++
	it := &item{
		key: key, seq: t.seq, alert: r.alert(), restored: true,
		stated: fromMillis(r.Stated), ended: fromMillis(r.Ended),
	}
	for target, ack := range r.Acks {
		it.delivery(target).Ack = ack
		it.delivery(target).offered = ack.Resolved == 0 || ack.Episode != r.FiredAt
	}
	t.items[string(it.alert.Labels.Bytes(nil))] = it
	t.version++
}
