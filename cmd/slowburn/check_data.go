package main

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// retained warns of windows that reach further back than the ledger.
func (c *checked) retained(retention time.Duration) {
	for _, o := range c.objectives {
		for _, w := range o.Windows {
			if w.Nominal() > retention {
				c.warn(o, slo.LevelWarning, "retention", "the window %s is longer than budgets are kept, %s: raise --storage.ledger.retention or shorten the window", w, slo.FormatDuration(retention))
			}
		}
	}
}
