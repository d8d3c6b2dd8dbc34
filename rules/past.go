package rules

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// The past of a new objective lies in the raw samples, where some are kept. Somebody
// beside the engine counts it, by a replay, up to an instant soon after the objective
// came: until; the engine counts from there on. So both count whole slots, and none
// twice. The instant is far enough off that the engine has seen two scrapes by then, and
// knows which series are born.

// pastMargin is how long after an objective came its own counting begins, ms.
const pastMargin = 2 * 60 * 1000

// Past is what is to be counted of an objective's past: all up to Until, ms.
type Past struct {
	Objective *slo.Objective
	Until     int64
}

// Pasts are those that can be counted now: every source that goes on sending has
// closed all slots of them, so that nothing but late samples comes any more.
func (e *Engine) Pasts() []Past {
	now := e.opts.Now().UnixMilli()
	e.mu.RLock()
	defer e.mu.RUnlock()
	closed := now - pastMargin
	for _, src := range e.sources {
		src.mu.Lock()
		if src.step == 0 && src.closed != 0 && now-src.arrived <= src.silence() {
			closed = min(closed, src.closed)
		}
		src.mu.Unlock()
	}
	var out []Past
	for _, o := range e.ordered {
		if until := o.record.Until; until != 0 && until <= closed {
			out = append(out, Past{o.Objective, until})
		}
	}
	return out
}

// ShowPast says how far the counting of pasts has come, 0–1.
func (e *Engine) ShowPast(done float64) { e.pastDone.Store(math.Float64bits(done)) }

// TakePast puts a generation that holds the past of objectives, in the ledger TSDB, in
// force, and reads it into memory. Those that are no longer waiting for it are left out.
func (e *Engine) TakePast(ctx context.Context, pasts []Past, generation string) error {
	e.tick.Lock()
	defer e.tick.Unlock()
	// A checkpoint would have the next start do without the past.
	if err := os.Remove(e.opts.Checkpoint); e.opts.Checkpoint != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the checkpoint: %w", err)
	}
	taken := e.enforcePast(pasts, generation)
	if err := e.records.save(); err != nil {
		return err
	}
	held := e.setAside(taken)
	err := e.loadLedgers(ctx, taken, nil)
	held.putBack(err == nil, e.opts.Slot)
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, o := range taken {
		e.refresh(o, o.record.current().From)
	}
	return err
}

func (e *Engine) enforcePast(pasts []Past, generation string) []*objective {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, src := range e.sources {
		src.mu.Lock()
		defer src.mu.Unlock()
	}
	var taken []*objective
	for _, p := range pasts {
		o := e.objectives[p.Objective.ID()]
		if o == nil || o.record.Until != p.Until || o.Meaning() != p.Objective.Meaning() {
			continue
		}
		o.record.takePast(generation)
		e.records.setObjective(o.ID(), o.record)
		taken = append(taken, o)
	}
	e.catalogue.Store(nil)
	return taken
}

// awaitPast lets the newest generation, of which nothing was counted, begin at until.
func (r *ObjectiveRecord) awaitPast(until int64) {
	r.Until = until
	r.Generations = slices.Clone(r.Generations)
	r.Generations[len(r.Generations)-1].From = until
}

// takePast puts a generation before the one that has waited for it.
func (r *ObjectiveRecord) takePast(id string) {
	r.Generations = []slo.Generation{{ID: id, From: math.MinInt64, To: r.Until}, r.current()}
	r.Until = 0
}

// withPast are those of the definitions that nobody knew before and whose raw samples
// are kept.
func (e *Engine) withPast(defs []*slo.Objective) (map[string]bool, error) {
	out := map[string]bool{}
	if !e.opts.CountPast {
		return out, nil
	}
	q, err := e.opts.Raw.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("look for raw samples of the past: %w", err)
	}
	defer q.Close()
	for _, def := range defs {
		if e.known[def.ID()] == nil && hasPast(q, def) {
			out[def.ID()] = true
		}
	}
	return out, nil
}

// hasPast says whether there is any series that an objective reads.
func hasPast(q storage.Querier, def *slo.Objective) bool {
	hints := &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64, Func: "series", Limit: 1}
	return slices.ContainsFunc((&objective{Objective: def}).refs(), func(t termRef) bool {
		return q.Select(context.Background(), false, hints, t.Matchers...).Next()
	})
}

// pastEnd is where the past of an objective that comes now ends: slots, minutes and
// slices are whole.
func (e *Engine) pastEnd(def *slo.Objective) int64 {
	return slotEnd(e.opts.Now().UnixMilli()+pastMargin, max(time.Minute, def.SLI.Slice.Length).Milliseconds())
}

// pastReason says of an objective that waits for its past how far that is.
func (o *objective) pastReason(done float64) string {
	if o.record.Until == 0 {
		return ""
	}
	return fmt.Sprintf("history: %.0f %%, counted from raw samples up to %s", 100*done, time.UnixMilli(o.record.Until).UTC().Format(time.RFC3339))
}

// waiting is how many objectives wait for their past.
func (e *Engine) waiting() (n int) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, o := range e.ordered {
		if o.record.Until != 0 {
			n++
		}
	}
	return n
}
