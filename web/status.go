package web

import "net/http"

// statusJSON is how slowburn itself is: /api/slo/v1/status. Totals count since the
// process began.
type statusJSON struct {
	Version      string         `json:"version"`
	Revision     string         `json:"revision,omitempty"`
	NotReady     string         `json:"not_ready,omitempty"`
	NowMS        int64          `json:"now_ms"`
	SlotSeconds  number         `json:"slot_seconds"`
	LastReloadMS int64          `json:"last_reload_ms,omitempty"`
	LastReloadOK bool           `json:"last_reload_ok"`
	Sources      []sourceJSON   `json:"sources"`
	Ingest       ingestJSON     `json:"ingest"`
	Engine       engineJSON     `json:"engine"`
	Limits       []limitJSON    `json:"limits"`
	Process      processJSON    `json:"process"`
	Databases    []databaseJSON `json:"databases"`
	Errors       []errorJSON    `json:"errors"`
}

// sourceJSON is one source of remote write. Lag is how far its newest event time lies
// behind now.
type sourceJSON struct {
	Name       string `json:"name"`
	NewestMS   int64  `json:"newest_ms"`
	ArrivedMS  int64  `json:"arrived_ms"`
	ClosedMS   int64  `json:"closed_ms"`
	LagSeconds number `json:"lag_seconds"`
	Series     int    `json:"series"`
	Budgets    int    `json:"budgets"`
}

type ingestJSON struct {
	SamplesReceived number `json:"samples_received_total"`
	SamplesStored   number `json:"samples_stored_total"`
	// SamplesDropped and Requests leave out reasons and codes that never came.
	SamplesDropped map[string]number `json:"samples_dropped_total"`
	Requests       map[string]number `json:"requests_total"`
	// SeriesSeen are those that senders name, SeriesKept those that objectives need.
	SeriesSeen number `json:"series_seen"`
	SeriesKept number `json:"series_kept"`
}

type engineJSON struct {
	Objectives int    `json:"objectives"`
	Budgets    number `json:"budgets"`
	// Evaluations are of one budget each; SecondsPerEvaluation is wall time with the
	// closing of slots and the ledger's writing in it.
	Evaluations          number `json:"evaluations_total"`
	SecondsPerEvaluation number `json:"seconds_per_evaluation"`
	Errors               number `json:"errors_total"`
}

// limitJSON is a limit that was hit, and how often.
type limitJSON struct {
	Name string `json:"name"`
	Hits number `json:"hits_total"`
}

type processJSON struct {
	StartMS        int64  `json:"start_ms"`
	ResidentBytes  number `json:"resident_bytes"`
	CPUSeconds     number `json:"cpu_seconds_total"`
	BytesPerBudget number `json:"resident_bytes_per_budget"`
}

type databaseJSON struct {
	Name       string `json:"name"`
	Writable   bool   `json:"writable"`
	FreeBytes  number `json:"disk_free_bytes"`
	FloorBytes number `json:"disk_floor_bytes"`
}

// status serves /api/slo/v1/status, also before we are ready.
func (h *Handler) status(w http.ResponseWriter, _ *http.Request) {
	f, err := readFigures(h.o.Sets)
	if err != nil {
		h.o.Logger.Error("own metrics cannot be read", "err", err)
	}
	now := h.o.Now().UnixMilli()
	s := statusJSON{
		Version: h.o.Build.Version, Revision: h.o.Build.Revision, NowMS: now, SlotSeconds: number(h.o.Slot.Seconds()),
		Sources: []sourceJSON{}, Limits: limitsHit(f), Databases: databases(f), Errors: []errorJSON{},
		Ingest: ingestFigures(f), Engine: engineFigures(f, len(h.o.Objectives())),
	}
	if err := h.o.Ready(); err != nil {
		s.NotReady = err.Error()
	}
	if h.o.LastReload != nil {
		at, ok := h.o.LastReload()
		s.LastReloadMS, s.LastReloadOK = millis(at), ok
	}
	for _, src := range h.o.Sources() {
		s.Sources = append(s.Sources, sourceJSON{
			Name: src.Name, NewestMS: src.Newest, ArrivedMS: src.Arrived, ClosedMS: src.Closed,
			LagSeconds: number(max(0, now-src.Newest)) / 1000, Series: src.Series, Budgets: src.Ledgers,
		})
	}
	for _, e := range h.o.Errors() {
		s.Errors = append(s.Errors, errorJSON{place(e.Position), e.Msg, e.Excerpt})
	}
	s.Process = processFigures(f)
	succeed(w, s)
}

func ingestFigures(f figures) ingestJSON {
	return ingestJSON{
		SamplesReceived: number(f.sum("slowburn_ingest_samples_received_total")),
		SamplesStored:   number(f.sum("slowburn_ingest_samples_stored_total")),
		SamplesDropped:  f.by("slowburn_ingest_samples_dropped_total", "reason"),
		Requests:        f.by("slowburn_ingest_requests_total", "code"),
		SeriesSeen:      number(f.sum("slowburn_ingest_series_cache_entries")),
		SeriesKept:      number(f.sum("slowburn_engine_series")),
	}
}

func engineFigures(f figures, objectives int) engineJSON {
	e := engineJSON{
		Objectives:  objectives,
		Budgets:     number(f.sum("slowburn_engine_budgets")),
		Evaluations: number(f.sum("slowburn_engine_evaluations_total")),
		Errors:      number(f.sum("slowburn_engine_tick_errors_total") + f.sum("slowburn_engine_ledger_write_errors_total")),
	}
	if e.Evaluations > 0 {
		e.SecondsPerEvaluation = number(f.sum("slowburn_engine_tick_duration_seconds_sum")) / e.Evaluations
	}
	return e
}

// limitsHit are the limits of which a counter says that they were reached.
func limitsHit(f figures) []limitJSON {
	hit := []limitJSON{}
	add := func(name string, n number) {
		if n > 0 {
			hit = append(hit, limitJSON{name, n})
		}
	}
	dropped := f.by("slowburn_ingest_samples_dropped_total", "reason")
	add("series in the raw database (ingest.limits.series), samples refused", dropped["series_limit"])
	add("sources, samples refused", dropped["source_limit"])
	add("labels of a series, samples refused", dropped["label_limit"])
	add("groups of an objective, series counted as __overflow__", number(f.sum("slowburn_engine_series_overflowed_total")))
	refused := f.by("slowburn_queries_refused_total", "reason")
	add("queries at once (--query.max-concurrency), refused", refused["concurrency"])
	add("memory (GOMEMLIMIT), queries refused", refused["memory"])
	add("connections, refused", f.by("slowburn_http_connections_closed_total", "reason")["busy"])
	return hit
}

func processFigures(f figures) processJSON {
	p := processJSON{
		StartMS:       int64(f.sum("process_start_time_seconds") * 1000),
		ResidentBytes: number(f.sum("process_resident_memory_bytes")),
		CPUSeconds:    number(f.sum("process_cpu_seconds_total")),
	}
	if budgets := f.sum("slowburn_engine_budgets"); budgets > 0 {
		p.BytesPerBudget = p.ResidentBytes / number(budgets)
	}
	return p
}

func databases(f figures) []databaseJSON {
	free, floor := f.by("slowburn_tsdb_disk_free_bytes", "db"), f.by("slowburn_tsdb_disk_floor_bytes", "db")
	writable := f.by("slowburn_tsdb_writable", "db")
	all := []databaseJSON{}
	for _, name := range []string{"raw", "ledger"} {
		if bytes, ok := free[name]; ok {
			all = append(all, databaseJSON{name, writable[name] == 1, bytes, floor[name]})
		}
	}
	return all
}
