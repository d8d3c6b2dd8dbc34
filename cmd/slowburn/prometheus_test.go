package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/web/promapi"
)

// testPrometheus answers as a Prometheus over a TSDB does, by upstream's web/api/v1,
// and counts what it was asked.
type testPrometheus struct {
	*httptest.Server
	types          map[string]string // of metrics, as targets declare them
	reads, queries atomic.Int64
}

// servePrometheus serves a TSDB, remote read too if it reads.
func servePrometheus(t *testing.T, db storage.SampleAndChunkQueryable, reads bool) *testPrometheus {
	t.Helper()
	external := labels.FromStrings("cluster", "eu-1", "prometheus", "a")
	api, err := promapi.New(promapi.Options{
		Queryable: db, ExternalLabels: func() labels.Labels { return external },
		Budgets: func() []slo.Status { return nil }, Alerts: func() []slo.Alert { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &testPrometheus{}
	mux := http.NewServeMux()
	if reads {
		mux.HandleFunc("/api/v1/read", func(w http.ResponseWriter, r *http.Request) {
			p.reads.Add(1)
			api.Raw(w, r)
		})
	}
	mux.HandleFunc("/api/v1/query", func(w http.ResponseWriter, r *http.Request) {
		p.queries.Add(1)
		api.Upstream(w, r)
	})
	mux.HandleFunc("/api/v1/metadata", func(w http.ResponseWriter, r *http.Request) {
		known := map[string][]map[string]string{}
		if name := r.FormValue("metric"); p.types[name] != "" {
			known[name] = append(known[name], map[string]string{"type": p.types[name]})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": known})
	})
	mux.HandleFunc("/api/v1/status/config", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":{"yaml":"global:\n  external_labels:\n    cluster: eu-1\n    prometheus: a\n"}}`)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}
