package alerting

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// target is one Alertmanager and the loop that settles what it is owed. All but
// the constants and atomics is guarded by the table's lock.
type target struct {
	m     *meters
	opts  *Options
	table *table
	key   string // in records
	url   string // to post alerts to
	since time.Time
	wake  chan struct{}
	stop  context.CancelFunc

	set  *set
	gen  uint64 // of the identity rules
	seen uint64 // version of the table in view
	view []want
	// limit is how many alerts the next request holds. It shrinks when requests fail
	// without blame, so that one alert on which an Alertmanager chokes, or a link too
	// slow for a full batch, does not hold back the rest.
	limit int
	clock theirClock
	// lost is until when the target may have forgotten what it acknowledged.
	lost time.Time

	failing   bool
	started   string // the Alertmanager's start time, as it says
	answered  time.Time
	acked     time.Time
	lastErr   string
	lastErrAt time.Time

	queue       atomic.Int64 // alerts it has not acknowledged
	quarantined atomic.Int64 // alerts it refuses
}

// run sends until ctx ends: because the target is gone, or with all as r ends, in
// which case it makes one last attempt. Requests live by r.sending, which ends a
// little later.
func (t *target) run(ctx context.Context, r *run) {
	sending := r.sending
	var wait backoff
	probe := time.Now().Add(probeEvery)
	for ctx.Err() == nil {
		t.table.mu.Lock()
		batch, next := t.plan(time.Now())
		t.table.mu.Unlock()
		if len(batch) == 0 && time.Now().Before(probe) {
			t.idle(ctx, time.Until(earlier(next, probe)))
			continue
		}
		var err error
		if len(batch) > 0 {
			err = t.attempt(sending, batch)
		} else {
			err = t.probe(sending)
			probe = time.Now().Add(probeEvery)
		}
		if err == nil {
			wait.reset()
			continue
		}
		t.failed(err)
		probe = time.Now() // once it takes alerts again: has it restarted?
		pause(ctx, wait.next())
	}
	if r.ctx.Err() == nil || sending.Err() != nil {
		return
	}
	t.table.mu.Lock()
	batch := t.lastPages(time.Now())
	t.table.mu.Unlock()
	if len(batch) > 0 {
		if err := t.attempt(sending, batch); err != nil {
			t.failed(err)
		}
	}
}

func (t *target) idle(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-t.wake:
	case <-timer.C:
	}
}

// poke makes the loop look again, unless it is in a pause after a failure.
func (t *target) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// errRefusesAll is a target that refused every part of a batch tried.
var errRefusesAll = errors.New("refused every alert it was offered")

// attempt posts a batch and notes what became of it. An error is the target's
// fault: the loop pauses.
func (t *target) attempt(ctx context.Context, batch []notice) error {
	t.table.mu.Lock()
	client, timeout := t.set.client, t.set.timeout
	if t.failing {
		t.m.retries(t.key).Inc()
	}
	t.table.mu.Unlock()

	var o outcome
	arrived := false
	o.offer(batch, func(part []notice) error {
		body, err := encode(part)
		if err != nil {
			return fmt.Errorf("encode %d alerts: %w", len(part), err)
		}
		if o.posts > 1 {
			t.m.retries(t.key).Inc()
		}
		begin := time.Now()
		date, err := post(ctx, client, t.url, body, timeout)
		t.m.latency(t.key).Update(time.Since(begin).Seconds())
		arrived = arrived || !undelivered(err)
		if other := t.readClock(date); other != nil {
			return other
		}
		return err
	})
	t.settle(batch, &o, arrived)
	switch {
	case o.err != nil:
		return o.err
	case o.left > 0 && len(o.accepted) == 0:
		return errRefusesAll
	}
	return nil
}

// readClock takes the date of an answer. An error says that the target's clock is another
// than what was posted was said for.
func (t *target) readClock(date time.Time) error {
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	now := time.Now()
	if !t.clock.look(date, now) {
		return nil
	}
	return otherClock(t.clock.off(now))
}

// settle writes the outcome into the table.
func (t *target) settle(batch []notice, o *outcome, arrived bool) {
	now := time.Now()
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	if arrived {
		for i := range batch {
			if n := &batch[i]; !n.resolved && n.d.gen == n.gen {
				n.d.offered = true
			}
		}
	}
	for i := range o.accepted {
		n := &o.accepted[i]
		if n.bare && !n.d.bare {
			t.m.bare(t.key).Inc()
		}
		if n.d.accept(n, now) {
			n.it.dirty = true
		}
	}
	for i := range o.refused {
		t.quarantine(&o.refused[i], now)
	}
	t.m.sent(t.key).Add(len(o.accepted))
	t.m.errors(t.key).Add(len(batch) - len(o.accepted))
	if len(o.accepted) > 0 {
		t.acked = now
	}
	if o.err == nil {
		t.limit = min(t.opts.Batch, 2*t.limit)
		t.answers(now)
		return
	}
	for i := range batch {
		if n := &batch[i]; n.d.sent != now {
			n.d.failures++
		}
	}
	if arrived && len(o.accepted) == 0 {
		t.limit = max(1, len(batch)/4)
	}
}

// quarantine puts a refused alert aside until the next resend.
func (t *target) quarantine(r *refused, now time.Time) {
	d := r.d
	if d.gen != r.gen {
		return
	}
	if d.refusal == "" {
		t.m.quarantined(t.key).Inc()
		t.m.log.Error("alertmanager refuses an alert, it is put aside and tried again",
			"alertmanager", t.key, "alert", r.labels.String(), "err", r.err)
	}
	d.refusal = r.err.Error()
	d.quarantined = now.Add(t.opts.Resend)
	if d.Firing == 0 || d.Episode != r.episode {
		d.offered = false
	}
}

// failed notes that the target is out of order. If nobody answered it may be
// restarting, and so forget everything; the probe that follows sees what this
// misses. At most twice a minute, lest a request that kills every connection make
// us send all the others again and again.
func (t *target) failed(err error) {
	t.table.mu.Lock()
	defer t.table.mu.Unlock()
	now := time.Now()
	t.lastErr, t.lastErrAt = err.Error(), now
	if absent(err) && now.Sub(t.lost) > backoffMin*30 {
		t.lost = now
	}
	if !t.failing {
		t.m.log.Warn("alertmanager does not take alerts", "alertmanager", t.key, "err", err)
	}
	t.failing = true
}

// answers notes that the target is well. Called with the table locked.
func (t *target) answers(now time.Time) {
	if t.failing {
		t.m.log.Info("alertmanager takes alerts again", "alertmanager", t.key)
	}
	t.failing, t.answered = false, now
}
