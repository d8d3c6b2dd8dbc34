package promapi

import (
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// compatible is the version of Prometheus whose API this is. Grafana derives
// from it what it may ask; with a version of our own it would fall back to what
// Prometheus 2.0 knew. A test compares it with go.mod.
const compatible = "3.16.0"

type buildInfo struct {
	v1.PrometheusVersion
	// Application and ApplicationVersion say who answers; Mimir has the first.
	Application        string `json:"application"`
	ApplicationVersion string `json:"applicationVersion"`
}

// BuildInfo serves status/buildinfo.
func (a *API) BuildInfo(w http.ResponseWriter, _ *http.Request) {
	b := a.o.Build
	succeed(w, buildInfo{
		PrometheusVersion: v1.PrometheusVersion{
			Version: compatible, Revision: b.Revision, Branch: b.Branch,
			BuildUser: b.User, BuildDate: b.Date, GoVersion: runtime.Version(),
		},
		Application:        "slowburn",
		ApplicationVersion: b.Version,
	})
}

// RuntimeInfo serves status/runtimeinfo.
func (a *API) RuntimeInfo(w http.ResponseWriter, _ *http.Request) {
	at, ok := a.o.LastReload()
	// Neither is worth refusing the rest for.
	host, _ := os.Hostname()
	cwd, _ := os.Getwd()
	succeed(w, v1.RuntimeInfo{
		StartTime:           a.start.UTC(),
		CWD:                 cwd,
		Hostname:            host,
		ServerTime:          a.o.Now().UTC(),
		ReloadConfigSuccess: ok,
		LastConfigTime:      at.UTC(),
		GoroutineCount:      runtime.NumGoroutine(),
		GOMAXPROCS:          runtime.GOMAXPROCS(0),
		GOMEMLIMIT:          debug.SetMemoryLimit(-1),
		GOGC:                os.Getenv("GOGC"),
		GODEBUG:             os.Getenv("GODEBUG"),
		StorageRetention:    a.o.StorageRetention,
	})
}

// Flags serves status/flags.
func (a *API) Flags(w http.ResponseWriter, _ *http.Request) { succeed(w, a.o.Flags) }

// Config serves status/config: our own YAML, secrets already hidden.
func (a *API) Config(w http.ResponseWriter, _ *http.Request) {
	succeed(w, struct {
		YAML string `json:"yaml"`
	}{a.o.ConfigYAML()})
}

// TSDB serves status/tsdb of the raw TSDB.
func (a *API) TSDB(w http.ResponseWriter, r *http.Request) {
	limit := 10
	if s := r.FormValue("limit"); s != "" {
		var err error
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > 10_000 {
			badParam(w, "limit", "want a number from 1 to 10000")
			return
		}
	}
	if a.o.TSDB == nil {
		fail(w, http.StatusServiceUnavailable, "unavailable", "no TSDB")
		return
	}
	s, err := a.o.TSDB.Stats(labels.MetricName, limit)
	if err != nil {
		fail(w, http.StatusInternalServerError, "internal", err.Error())
		return
	}
	p := s.IndexPostingStats
	succeed(w, v1.TSDBStatus{
		HeadStats: v1.HeadStats{
			NumSeries: s.NumSeries, NumLabelPairs: p.NumLabelPairs, ChunkCount: a.o.HeadChunks(),
			MinTime: s.MinTime, MaxTime: s.MaxTime,
		},
		SeriesCountByMetricName:     v1.TSDBStatsFromIndexStats(p.CardinalityMetricsStats),
		LabelValueCountByLabelName:  v1.TSDBStatsFromIndexStats(p.CardinalityLabelStats),
		MemoryInBytesByLabelName:    v1.TSDBStatsFromIndexStats(p.LabelValueStats),
		SeriesCountByLabelValuePair: v1.TSDBStatsFromIndexStats(p.LabelValuePairsStats),
	})
}

// Alertmanagers serves alertmanagers; passwords in URLs are hidden, which
// upstream's does not.
func (a *API) Alertmanagers(w http.ResponseWriter, _ *http.Request) {
	active, dropped := a.o.Alertmanagers()
	succeed(w, v1.AlertmanagerDiscovery{ActiveAlertmanagers: targets(active), DroppedAlertmanagers: targets(dropped)})
}

func targets(urls []*url.URL) []*v1.AlertmanagerTarget {
	ts := make([]*v1.AlertmanagerTarget, len(urls))
	for i, u := range urls {
		ts[i] = &v1.AlertmanagerTarget{URL: u.Redacted()}
	}
	return ts
}
