package rules

import (
	"context"
	"time"

	"github.com/slowburn/slowburn/rules/history"
)

// closing is one slot to close: its end, ms, and how many slots without data right
// before it are left out, since the source was silent. silent says that it had no
// data either.
type closing struct {
	end    int64
	gap    int64
	silent bool
}

const (
	// sweep is how many ledgers are closed under one hold of the source's lock, so
	// that appenders wait for half a millisecond at most.
	sweep = 256
	// passRows bounds how many ledger rows one pass makes: a backlog is closed pass
	// by pass, each of which is evaluated slot by slot before memory knows it less finely.
	passRows = 100_000
)

// row is what one ledger counted in one closed slot.
type row struct {
	led   *ledger
	end   int64
	delta history.Sum
	carry carry
}

// Tick closes every slot that is due at wall time now (ms), evaluates the budgets
// concerned, saves what changed and states the alerts. Errors of storage are
// counted and returned, and stop nothing: states advance from memory.
func (e *Engine) Tick(ctx context.Context, now int64) error {
	e.tick.Lock()
	defer e.tick.Unlock()
	start := time.Now()
	e.fedInTick = nil

	e.mu.RLock()
	sources := make([]*source, 0, len(e.sources))
	for _, src := range e.sources {
		sources = append(sources, src)
	}
	e.mu.RUnlock()

	// Of all before any closes: how far a budget may be evaluated depends on which of
	// its sources are silent. One that falls silent only now goes on holding the budget
	// up until its own slots have closed, for what it sent belongs to the windows.
	for _, src := range sources {
		src.mu.Lock()
		was := src.silent
		src.listen(now, &e.opts)
		src.silent = src.silent && was
		src.mu.Unlock()
	}
	var failed error
	closed := false
	for _, src := range sources {
		for ctx.Err() == nil {
			more, err := e.closeSource(ctx, src, now)
			if err != nil {
				failed = err
			}
			if !more {
				break
			}
			closed = true
		}
	}
	e.evaluateEarly(sources, now)
	e.watchSources(sources, now)
	e.decide(now)
	if err := e.records.save(); err != nil {
		e.metrics.storeErrors.Inc()
		failed = err
	}
	e.state(now)
	if closed {
		select {
		case e.due <- struct{}{}:
		default:
		}
		e.lastTick.Store(now)
		e.metrics.tickSeconds.UpdateDuration(start)
	}
	return failed
}

// closeSource cuts the slots of one source that are due, writes them to the ledger
// and evaluates its budgets. more is false when nothing was due.
func (e *Engine) closeSource(ctx context.Context, src *source, now int64) (more bool, err error) {
	src.mu.Lock()
	// Births that came late open the slot they are posted to.
	e.settleBirths(src, src.closed)
	ledgers := src.ledgers
	limit := min(passRows/max(1, len(ledgers)), int(history.Behind/e.opts.Slot))
	began := src.lastSeen == 0
	closings, upTo := src.due(now, e.slot, &e.opts, max(1, limit))
	if upTo <= src.closed {
		src.mu.Unlock()
		return false, nil
	}
	// The cut: from here on a sample in these slots is late. The position says which
	// samples in the raw WAL the ledgers have seen.
	e.settleBirths(src, upTo)
	position := src.position
	src.closed = upTo
	record := SourceRecord{Closed: upTo, First: src.first}
	began = began && src.lastSeen != 0
	src.mu.Unlock()
	if began {
		e.dateBack(slotEnd(record.First, e.slot) - e.slot)
	}

	if len(closings) == 0 {
		return true, nil
	}
	rows := e.sweepLedgers(src, ledgers, closings)
	err = e.writeRows(ctx, src, rows, closings[len(closings)-1].end, position)
	if err != nil {
		e.metrics.ledgerErrors.Inc()
	}
	for i := range rows {
		r := &rows[i]
		r.led.hist.Append(r.end, r.delta, e.opts.Slot)
		if r.delta.Observed > 0 {
			r.led.lastData = r.end
			if b := r.led.budget; b.dataFirst == 0 || r.end < b.dataFirst {
				b.dataFirst = r.end
			}
		}
	}
	e.metrics.slotsClosed.Add(len(closings))
	e.records.setSource(src.name, record)
	for _, c := range closings {
		if !c.silent {
			e.evaluateSource(ledgers, c.end, now)
			break
		}
	}
	return true, err
}

// listen notes whether the source is silent or lagging at wall time now.
func (src *source) listen(now int64, o *Options) {
	if src.closed == 0 {
		return
	}
	lag := now - src.newest
	src.lagging = src.behind(now, o)
	src.silent = now-src.arrived > src.silence()
	src.old = src.heard && src.arrived-src.newest > o.CatchUpLag.Milliseconds()
	switch {
	case !src.lagging || src.silent:
		src.lagSince = 0
	case src.lagSince == 0:
		src.lagSince, src.low, src.lowAt = now, lag, now
	case src.low-lag >= backlogStep:
		src.low, src.lowAt = lag, now
	}
}

// due is what to close at wall time now: at most limit slots, and up to where the
// source is closed then.
func (src *source) due(now, slot int64, o *Options, limit int) (closings []closing, upTo int64) {
	if src.closed == 0 {
		return nil, 0
	}
	src.listen(now, o)
	grace := o.Grace.Milliseconds()
	switch {
	case src.step != 0:
		grace = 0 // all results of an instant come at once
	case src.lagging:
		grace = o.CatchUpGrace.Milliseconds()
	}
	target := slotEnd(src.newest-grace-slot+1, slot)
	if src.silent {
		target = src.closed
		for i := len(src.seen) - 1; i >= 0; i-- {
			if src.seen[i] <= now {
				target = src.seen[i]
				break
			}
		}
	}
	upTo = src.closed
	for upTo < target && len(closings) < limit && len(src.seen) > 0 {
		next := src.seen[0]
		end := upTo + slot
		switch {
		case next == end:
			closings = append(closings, closing{end: end})
			src.seen = src.seen[1:]
			src.lastSeen, upTo = end, end
		case src.lastSeen == 0:
			upTo = min(next-slot, target)
		case next-src.lastSeen > src.silence()+slot:
			// Nothing came for so long that these slots are a gap, not the empty slots of a
			// slow cadence. It is closed with the slot behind it.
			if next > target {
				return closings, upTo
			}
			for _, end := range gapRows(upTo, next-slot, slot) {
				closings = append(closings, closing{end, (end-upTo)/slot - 1, true})
				upTo = end
			}
		default:
			closings = append(closings, closing{end: end})
			upTo = end
		}
	}
	return closings, upTo
}

// gapRows are the slots of a gap (from, to] that get rows all the same. They say when
// scrapes were missing closely enough for the short windows of the pairs: every slot
// of the last 5 min, every minute of the last 30 min, and all before that in one.
func gapRows(from, to, slot int64) []int64 {
	var ends []int64
	for _, step := range []struct{ from, every int64 }{{to - 30*60_000, 60_000}, {to - 5*60_000, slot}} {
		for end := max(step.from, from+slot); end <= to; end += max(step.every, slot) {
			for len(ends) > 0 && ends[len(ends)-1] >= end {
				ends = ends[:len(ends)-1]
			}
			ends = append(ends, end)
		}
	}
	if n := len(ends); n == 0 || ends[n-1] != to {
		ends = append(ends, to)
	}
	return ends
}

// sweepLedgers takes the closed slots' counts out of every ledger, slot by slot, in
// holds of the lock so short that appenders hardly notice.
func (e *Engine) sweepLedgers(src *source, ledgers []*ledger, closings []closing) []row {
	rows := make([]row, 0, len(ledgers)*len(closings))
	for i := 0; i < len(ledgers); i += sweep {
		src.mu.Lock()
		for _, l := range ledgers[i:min(i+sweep, len(ledgers))] {
			for _, c := range closings {
				d := l.close(c.end, c.gap)
				if until := l.budget.obj.record.Until; c.end <= until {
					l.carry = carry{} // the replay that counts the past has its own
					continue
				}
				if l.begun == 0 || c.end <= l.begun {
					continue
				}
				rows = append(rows, row{l, c.end, d, l.carry})
			}
		}
		src.mu.Unlock()
	}
	return rows
}
