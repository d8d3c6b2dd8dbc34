package alerting

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// retention is for how long a resolved alert is repeated after it was resolved;
// the 15 minutes Prometheus takes too. It covers an Alertmanager that lost what
// it had acknowledged.
const retention = 15 * time.Minute

// giveUp is when a resolution that some Alertmanager never took is dropped. That
// one has long ended the alert by its endsAt; the bound is for our memory.
const giveUp = 24 * time.Hour

// delivery is how one alert stands with one target.
type delivery struct {
	Ack
	// offered: the target may believe that the alert fires. Set by any attempt
	// that may have arrived, whatever was heard back.
	offered bool
	// sent is the last acknowledged send; zero if this process made none.
	sent time.Time
	// held is until when the target was told to keep the alert, its HeldUntil, ms.
	held int64
	// tried is the last attempt; the least recently tried goes first.
	tried time.Time
	// failures are the requests in a row that failed with it, without blaming it.
	failures int
	// quarantined is until when a refused alert waits, refusal why.
	quarantined time.Time
	refusal     string
	// bare: the target took the alert only without annotations.
	bare bool
	// missed: counted as resolved before it was ever sent.
	missed bool

	// The alert's identity at this target, by the rules of generation gen.
	gen    uint64
	labels labels.Labels
	keep   bool
	// shadowed: relabeling gave another alert the same identity, which speaks for both.
	shadowed bool
}

// debt is what a target still has to hear of an alert.
type debt uint8

const (
	nothing debt = iota
	// news: that it fires, or is resolved, which the target has not acknowledged.
	news
	// repeat of what it has acknowledged.
	repeat
)

// owes says what the target has to hear of a, and from when on. ended is when a
// was resolved, wall time. What was sent before lost counts as forgotten by the
// target.
//
// An alert that is held for want of data is said once, with the end of the hold, and
// not repeated until then; nor is it said that it is over. Alertmanager takes the last
// word for true, and that belongs to another slowburn that still has the data.
func (d *delivery) owes(a *slo.Alert, ended time.Time, resend time.Duration, lost time.Time) (debt, time.Time) {
	same := d.Episode == a.FiredAt
	again := d.sent.Add(resend)
	if a.HeldUntil != 0 && d.held == a.HeldUntil {
		again = later(again, fromMillis(a.HeldUntil).Add(resend))
	}
	if d.sent.IsZero() || d.sent.Before(lost) {
		again = time.Time{}
	}
	if a.State == slo.AlertFiring {
		if !same || d.Firing == 0 {
			return news, d.quarantined
		}
		return repeat, later(again, d.quarantined)
	}
	switch {
	case a.HeldUntil != 0:
		return nothing, time.Time{}
	case same && d.Resolved != 0:
		if at := later(again, d.quarantined); at.Sub(ended) < retention {
			return repeat, at
		}
		return nothing, time.Time{}
	case d.offered:
		return news, d.quarantined
	}
	return nothing, time.Time{}
}

// settled says whether nothing but repeats is owed.
func (d *delivery) settled(a *slo.Alert, ended time.Time) bool {
	if d.shadowed || d.gen != 0 && !d.keep {
		return true
	}
	owed, _ := d.owes(a, ended, time.Hour, time.Time{})
	return owed != news
}

// accept notes that the target took n. It reports whether that is worth a write:
// acknowledgements of repeats are not, since after a restart all is sent again.
func (d *delivery) accept(n *notice, now time.Time) (transition bool) {
	d.quarantined, d.refusal, d.failures = time.Time{}, "", 0
	d.bare = n.bare
	if d.gen != n.gen {
		// A reload changed the identity while the batch was under way.
		return false
	}
	before := d.Ack
	switch {
	case !n.resolved && d.Episode == n.episode && d.Firing != 0:
		d.Resolved = 0
	case !n.resolved:
		d.Ack = Ack{Episode: n.episode, Firing: now.UnixMilli()}
	case d.Episode != n.episode:
		d.Ack = Ack{Episode: n.episode, Resolved: now.UnixMilli()}
	case d.Resolved == 0:
		d.Resolved = now.UnixMilli()
	}
	d.sent, d.held = now, n.heldUntil
	d.offered = !n.resolved
	return d.Ack != before
}

// identify gives d its labels by the rules of generation gen. Acknowledgements of
// another identity are void: the target never heard of this one. The old one ends
// by its endsAt.
func (d *delivery) identify(gen uint64, ls labels.Labels, keep bool) {
	if d.gen != 0 && d.keep && !labels.Equal(d.labels, ls) {
		*d = delivery{}
	}
	d.gen, d.labels, d.keep = gen, ls, keep
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
