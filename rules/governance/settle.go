package governance

import (
	"context"
	"slices"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// settled says whether all costs of a release are known for good.
func settled(r *govern.Release) bool {
	return len(r.Costs) > 0 && !slices.ContainsFunc(r.Costs, func(c govern.Cost) bool { return c.State == govern.CostPending })
}

// settle reckons the costs of releases: as far as they go while they are watched, and
// for good once the data has passed their end.
func (b *Book) settle(ctx context.Context, statuses map[string]*slo.Status) error {
	b.mu.RLock()
	var open []*govern.Release
	for id := range b.unsettled {
		open = append(open, b.releases[id])
	}
	b.mu.RUnlock()
	c := newChange()
	for _, r := range open {
		objectives, err := b.objectives(r.Service, nil)
		if err != nil {
			continue // the service is gone: its costs stay as they were
		}
		costs, err := b.costs(ctx, r, objectives, statuses)
		if err != nil {
			b.metrics.readErrors.Inc()
			return err
		}
		reckoned := *r
		reckoned.Costs = costs
		if settled(&reckoned) {
			c.release(&reckoned)
			continue
		}
		// What is not final needs no disk: it is reckoned anew.
		b.mu.Lock()
		if b.releases[r.ID] == r {
			b.releases[r.ID] = &reckoned
		}
		b.mu.Unlock()
	}
	return b.commit(c)
}

// costs are a release's, per objective.
func (b *Book) costs(ctx context.Context, r *govern.Release, objectives []*slo.Objective, statuses map[string]*slo.Status) ([]govern.Cost, error) {
	out := make([]govern.Cost, 0, len(objectives))
	for _, o := range objectives {
		e, err := b.evidence(ctx, r, o, statuses[o.ID()])
		if err != nil {
			return nil, err
		}
		c := cost(e)
		if s := statuses[o.ID()]; s == nil || s.TS < e.watched.to {
			c.State = govern.CostPending
		}
		out = append(out, c)
	}
	return out, nil
}

// evidence reads what the ledger says about a release.
func (b *Book) evidence(ctx context.Context, r *govern.Release, o *slo.Objective, s *slo.Status) (*evidence, error) {
	set, slot := b.opts.Settings(), b.opts.Slot
	e := &evidence{objective: o, length: set.Baseline}
	history := b.history(r.Service)
	next := int64(0)
	for _, other := range history {
		if other.TimeMS > r.TimeMS {
			next = other.TimeMS
			break
		}
	}
	e.watched = watched(r.TimeMS, next, set.CostWindow, slot)
	if e.watched.to < e.watched.from+set.CostWindow.Milliseconds() {
		for _, other := range history {
			if other.TimeMS == next {
				e.next = other.Version
			}
		}
	}
	end := e.watched.to
	if s != nil {
		end = min(end, s.TS) // as far as it goes
	}
	var err error
	read := func(from, to int64) (c slo.Counts) {
		if err == nil && from < to {
			c, err = b.opts.Counts(ctx, o, from, to)
		}
		return c
	}
	e.during = read(e.watched.from, end)
	e.window = read(windowStart(o, max(end, e.watched.from), slot), max(end, e.watched.from))
	before := stretch{e.watched.from - set.Baseline.Milliseconds(), e.watched.from}
	free := before.without(b.watchedBy(history, r, set))
	for _, part := range free {
		e.before = e.before.Add(read(part.from, part.to))
	}
	if e.before.Total <= 0 && (len(free) != 1 || free[0] != before) {
		e.crowded, e.before = true, read(before.from, before.to)
	}
	return e, err
}

// watchedBy are the times of the releases before r.
func (b *Book) watchedBy(history []*govern.Release, r *govern.Release, set Settings) []stretch {
	var out []stretch
	for i, other := range history {
		if other.TimeMS >= r.TimeMS {
			break
		}
		next := r.TimeMS
		if i+1 < len(history) {
			next = history[i+1].TimeMS
		}
		out = append(out, watched(other.TimeMS, next, set.CostWindow, b.opts.Slot))
	}
	return out
}

// windowStart is where the whole budget is counted from: a calendar window's is that
// of its nominal length, since what it has counted on its first day is no measure.
func windowStart(o *slo.Objective, end int64, slot time.Duration) int64 {
	return slo.Rolling(o.Windows[0].Nominal()).Start(end, slot)
}

// Forecasts are what a release of the type would cost each objective of the service.
func (b *Book) Forecasts(service, changeType string) []govern.Forecast {
	objectives, err := b.objectives(service, nil)
	if err != nil {
		return nil
	}
	var out []govern.Forecast
	for _, o := range objectives {
		out = append(out, b.forecast(o, changeType))
	}
	return out
}

func (b *Book) forecast(o *slo.Objective, changeType string) govern.Forecast {
	if changeType == "" {
		changeType = govern.DefaultType
	}
	var ofType, all []float64
	history := b.history(o.Service)
	for _, r := range slices.Backward(history) {
		for _, c := range r.Costs {
			if c.SLO != o.Name || c.State != govern.CostFinal {
				continue
			}
			all = append(all, float64(c.BudgetRatio))
			if r.Type == changeType {
				ofType = append(ofType, float64(c.BudgetRatio))
			}
		}
	}
	return forecast(o, changeType, ofType, all, b.opts.Settings().AssumedCost)
}
