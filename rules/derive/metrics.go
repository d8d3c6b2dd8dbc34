package derive

import "github.com/VictoriaMetrics/metrics"

// viewMetrics are the view's own metrics.
type viewMetrics struct {
	// rejected counts selects refused because they match more than MaxSeries.
	rejected *metrics.Counter
	// loads counts batches of budgets read from the ledger.
	loads *metrics.Counter
	// evictions counts budgets whose counters were let go before their querier closed.
	evictions *metrics.Counter
	// indexBuilds counts catalogues indexed.
	indexBuilds *metrics.Counter
}

func newMetrics(set *metrics.Set) *viewMetrics {
	return &viewMetrics{
		rejected:    set.GetOrCreateCounter("slowburn_derive_selects_rejected_total"),
		loads:       set.GetOrCreateCounter("slowburn_derive_ledger_loads_total"),
		evictions:   set.GetOrCreateCounter("slowburn_derive_evictions_total"),
		indexBuilds: set.GetOrCreateCounter("slowburn_derive_index_builds_total"),
	}
}
