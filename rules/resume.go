package rules

// resume evaluates every budget at its newest slot, and before it at those slots that
// were written but whose evaluation was not saved.
func (e *Engine) resume(now int64) {
	newest := e.newestClosed()
	for _, src := range e.sources {
		src.lagging = src.behind(now, &e.opts)
		// One that vanished long before the others held nothing up then, and memory does
		// not know the past so finely that budgets could be evaluated back there.
		src.silent = src.vanished(newest)
	}
	for _, src := range e.sources {
		for _, l := range src.ledgers {
			e.resumeBudget(l.budget)
			for _, c := range l.budget.composites() {
				e.resumeBudget(c)
			}
		}
	}
	for _, src := range e.sources {
		e.evaluateSource(src.ledgers, 0, now)
	}
}

// resumeBudget says from where on a budget is to be evaluated.
func (e *Engine) resumeBudget(b *budget) {
	const furthest = 2 * hour
	target := b.due()
	if target == 0 {
		return
	}
	first := target
	for _, l := range b.feeds() {
		if saved := e.stored.sources[l.src.name]; saved != nil && l.src.closed >= target {
			first = min(first, saved.Closed+e.slot)
		}
	}
	b.evaluated = max(first, target-furthest) - e.slot
}

// newestClosed is how far the source that is furthest was closed, ms.
func (e *Engine) newestClosed() int64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	newest := int64(0)
	for _, src := range e.sources {
		newest = max(newest, src.closed)
	}
	return newest
}

// vanished says whether the source was closed long before the newest one was.
func (src *source) vanished(newest int64) bool { return src.closed != 0 && src.closed < newest-hour }
