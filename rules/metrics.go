package rules

import (
	"math"

	"github.com/VictoriaMetrics/metrics"
)

// engineMetrics are the engine's own metrics.
type engineMetrics struct {
	invalidSamples   *metrics.Counter
	unbound          *metrics.Counter
	births           *metrics.Counter
	neighbourReads   *metrics.Counter
	rawErrors        *metrics.Counter
	scrapesLost      *metrics.Counter
	groupsOverflowed *metrics.Counter
	groupsExpired    *metrics.Counter
	slotsClosed      *metrics.Counter
	evaluations      *metrics.Counter
	fired            *metrics.Counter
	early            *metrics.Counter
	lateRecovered    *metrics.Counter
	lateUnknown      *metrics.Counter
	ledgerErrors     *metrics.Counter
	storeErrors      *metrics.Counter
	templateErrors   *metrics.Counter
	tickErrors       *metrics.Counter
	checkpointErrors *metrics.Counter
	checkpointHits   *metrics.Counter
	tickSeconds      *metrics.PrometheusHistogram
	asked            *metrics.Counter
	askedSamples     *metrics.Counter
	askSeconds       *metrics.PrometheusHistogram
	askFailures      map[string]*metrics.Counter
}

func newMetrics(set *metrics.Set, e *Engine) *engineMetrics {
	set.NewGauge("slowburn_engine_budgets", func() float64 { return float64(len(e.Catalogue())) })
	set.NewGauge("slowburn_engine_series", func() float64 {
		e.mu.RLock()
		defer e.mu.RUnlock()
		return float64(len(e.series) - len(e.free))
	})
	set.NewGauge("slowburn_engine_unsteady_series", func() float64 { return float64(e.unsteadySeries()) })
	set.NewGauge("slowburn_history_objectives_waiting", func() float64 { return float64(e.waiting()) })
	set.NewGauge("slowburn_history_progress_ratio", func() float64 { return math.Float64frombits(e.pastDone.Load()) })
	set.NewGauge("slowburn_engine_last_tick_timestamp_seconds", func() float64 { return float64(e.lastTick.Load()) / 1000 })
	failures := map[string]*metrics.Counter{}
	for _, cause := range []string{"timeout", "samples", "canceled", "error", "round"} {
		failures[cause] = set.NewCounter(`slowburn_query_failures_total{cause="` + cause + `"}`)
	}
	return &engineMetrics{
		asked:        set.NewCounter("slowburn_query_evaluations_total"),
		askedSamples: set.NewCounter("slowburn_query_samples_total"),
		askFailures:  failures,
		askSeconds: set.NewPrometheusHistogramExt("slowburn_query_duration_seconds",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}),
		invalidSamples:   set.NewCounter("slowburn_engine_invalid_samples_total"),
		unbound:          set.NewCounter("slowburn_engine_unbound_samples_total"),
		births:           set.NewCounter("slowburn_engine_births_total"),
		neighbourReads:   set.NewCounter("slowburn_engine_neighbour_reads_total"),
		rawErrors:        set.NewCounter("slowburn_engine_raw_read_errors_total"),
		scrapesLost:      set.NewCounter("slowburn_engine_scrapes_lost_total"),
		groupsOverflowed: set.NewCounter("slowburn_engine_series_overflowed_total"),
		groupsExpired:    set.NewCounter("slowburn_engine_groups_expired_total"),
		slotsClosed:      set.NewCounter("slowburn_engine_slots_closed_total"),
		evaluations:      set.NewCounter("slowburn_engine_evaluations_total"),
		fired:            set.NewCounter("slowburn_engine_alerts_fired_total"),
		early:            set.NewCounter("slowburn_engine_alerts_fired_early_total"),
		lateUnknown:      set.NewCounter("slowburn_engine_late_recovery_errors_total"),
		lateRecovered:    set.NewCounter("slowburn_engine_late_samples_recovered_total"),
		ledgerErrors:     set.NewCounter("slowburn_engine_ledger_write_errors_total"),
		storeErrors:      set.NewCounter("slowburn_engine_state_write_errors_total"),
		templateErrors:   set.NewCounter("slowburn_engine_template_errors_total"),
		checkpointErrors: set.NewCounter("slowburn_engine_checkpoint_errors_total"),
		checkpointHits:   set.NewCounter("slowburn_engine_checkpoint_ledgers_total"),
		tickErrors:       set.NewCounter("slowburn_engine_tick_errors_total"),
		tickSeconds: set.NewPrometheusHistogramExt("slowburn_engine_tick_duration_seconds",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}),
	}
}
