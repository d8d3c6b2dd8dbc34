package main

import (
	"fmt"
	"runtime"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newRegistry takes what the TSDB and the query engine register, and says what the
// process and Go's runtime use, under the names every Prometheus user knows.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// registerBuildInfo says which slowburn this is.
func registerBuildInfo(set *metrics.Set) {
	set.NewGauge(fmt.Sprintf("slowburn_build_info{version=%q,revision=%q,goversion=%q}",
		buildVersion(), buildRevision(), runtime.Version()), func() float64 { return 1 })
}
