package web_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web"
)

// TestStatusReadsWhatTheMetricsSay: also before all is recovered, when nobody else
// says what is wrong.
func TestStatusReadsWhatTheMetricsSay(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Ready = func() error { return http.ErrServerClosed }
		o.Sources = func() []web.Source {
			return []web.Source{{Name: "eu/a", Newest: now.UnixMilli() - 20_000, Arrived: 5, Closed: 6, Series: 7, Ledgers: 8}}
		}
		o.Errors = func() []*slo.Error {
			return []*slo.Error{{Position: slo.Position{File: "a.yml", Line: 2}, Msg: "unknown key", Excerpt: "> 2 | x"}}
		}
		for name, v := range map[string]int{
			`slowburn_ingest_samples_received_total{type="float"}`:         100,
			`slowburn_ingest_samples_received_total{type="histogram"}`:     11,
			`slowburn_ingest_samples_dropped_total{reason="unneeded"}`:     40,
			`slowburn_ingest_samples_dropped_total{reason="series_limit"}`: 3,
			`slowburn_ingest_samples_dropped_total{reason="conflict"}`:     0,
			`slowburn_ingest_requests_total{protocol="2.0",code="204"}`:    9,
			`slowburn_engine_series_overflowed_total`:                      2,
			`slowburn_tsdb_disk_free_bytes{db="raw"}`:                      1000,
			`slowburn_tsdb_disk_floor_bytes{db="raw"}`:                     10,
			`slowburn_tsdb_writable{db="raw"}`:                             1,
			`slowburn_engine_evaluations_total`:                            50,
		} {
			o.Metrics.GetOrCreateCounter(name).Set(uint64(v))
		}
		o.Metrics.GetOrCreateFloatCounter(`slowburn_engine_tick_duration_seconds_sum`).Set(0.5)
	})
	_, body := f.ask(t, http.MethodGet, "/api/slo/v1/status", nil)
	have := decode[struct{ Data map[string]any }](t, body).Data
	process, _ := have["process"].(map[string]any)
	if bytes, _ := process["resident_bytes"].(float64); bytes < 1<<20 {
		t.Errorf("want the process's memory, have %v", process)
	}
	delete(have, "process")
	want := map[string]any{
		"version": "0.1.0", "revision": "abc", "not_ready": http.ErrServerClosed.Error(), "now_ms": float64(now.UnixMilli()),
		"slot_seconds": 0.0, "last_reload_ok": false,
		"sources": []any{map[string]any{"name": "eu/a", "newest_ms": float64(now.UnixMilli() - 20_000), "arrived_ms": 5.0, "closed_ms": 6.0,
			"lag_seconds": 20.0, "series": 7.0, "budgets": 8.0}},
		"ingest": map[string]any{"samples_received_total": 111.0, "samples_stored_total": 0.0,
			"samples_dropped_total": map[string]any{"unneeded": 40.0, "series_limit": 3.0}, "requests_total": map[string]any{"204": 9.0},
			"series_seen": 0.0, "series_kept": 0.0},
		"engine": map[string]any{"objectives": 2.0, "budgets": 0.0, "evaluations_total": 50.0, "seconds_per_evaluation": 0.01, "errors_total": 0.0},
		"limits": []any{
			map[string]any{"name": "series in the raw database (ingest.limits.series), samples refused", "hits_total": 3.0},
			map[string]any{"name": "groups of an objective, series counted as __overflow__", "hits_total": 2.0},
		},
		"databases": []any{map[string]any{"name": "raw", "writable": true, "disk_free_bytes": 1000.0, "disk_floor_bytes": 10.0}},
		"errors":    []any{map[string]any{"file": "a.yml", "line": 2.0, "error": "unknown key", "excerpt": "> 2 | x"}},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +have\n%s", diff)
	}
}
