package promapi

import "github.com/VictoriaMetrics/metrics"

type apiMetrics struct {
	// refused counts queries that were not begun, by reason.
	refusedText, refusedSubquery *metrics.Counter
	// skipped counts series that federation could not show.
	federateSkipped *metrics.Counter
	federateErrors  *metrics.Counter
}

func newMetrics(set *metrics.Set) *apiMetrics {
	return &apiMetrics{
		refusedText:     set.NewCounter(`slowburn_queries_refused_total{reason="text"}`),
		refusedSubquery: set.NewCounter(`slowburn_queries_refused_total{reason="subquery"}`),
		federateSkipped: set.NewCounter(`slowburn_federate_series_skipped_total`),
		federateErrors:  set.NewCounter(`slowburn_federate_errors_total`),
	}
}
