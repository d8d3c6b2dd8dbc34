package rules

// expireGroups forgets the groups that had no data for longer than the longest window:
// none of them shows anything any more, and they must not use up the group limit. The
// ledger keeps what they counted. One that comes back goes on counting from there.
func (e *Engine) expireGroups(now int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range e.ordered {
		for key, b := range o.budgets {
			if b == o.rollUp || !b.idle(now-o.reach.longest.Milliseconds()) {
				continue
			}
			for _, l := range b.ledgers {
				l.src.mu.Lock()
			}
			e.drop(b)
			for _, l := range b.ledgers {
				l.src.mu.Unlock()
			}
			delete(o.budgets, key)
			if !b.overflow() {
				o.groups--
			}
			e.metrics.groupsExpired.Inc()
			e.catalogue.Store(nil)
		}
	}
}

// idle says whether nothing feeds the budget: the raw TSDB let go of all its series,
// nothing came since the event time since, and no alert stands.
func (b *budget) idle(since int64) bool {
	for _, l := range b.ledgers {
		if l.series > 0 || l.lastData > since || len(l.open) > 0 {
			return false
		}
	}
	for _, a := range b.alerts {
		if a != nil {
			return false
		}
	}
	return b.missing == nil
}
