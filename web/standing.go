package web

import (
	"net/http"

	"github.com/slowburn/slowburn/slo"
)

// Source is one source of remote write and how far it has come.
// rules.SourceStatus is one.
type Source struct {
	Name string
	// Newest is its newest event time, Arrived the wall time at which that came and
	// Closed the end of its newest closed slot, ms.
	Newest, Arrived, Closed int64
	// Series are those that objectives count, Ledgers the budgets it feeds.
	Series, Ledgers int
}

// standingJSON is what the frame of every view shows: cheap enough to be asked
// every few seconds by every open page.
type standingJSON struct {
	Version string `json:"version"`
	// NotReady says why most else answers 503.
	NotReady string `json:"not_ready,omitempty"`
	NowMS    int64  `json:"now_ms"`
	// DataTimeMS is the end of the newest closed slot of any source.
	DataTimeMS   int64 `json:"data_time_ms"`
	Pages        int   `json:"pages"`
	Tickets      int   `json:"tickets"`
	ConfigErrors int   `json:"config_errors"`
	Demo         bool  `json:"demo"`
}

// standing serves /api/slo/v1/standing, also before we are ready.
func (h *Handler) standing(w http.ResponseWriter, _ *http.Request) {
	s := standingJSON{
		Version: h.o.Build.Version, NowMS: h.o.Now().UnixMilli(), ConfigErrors: len(h.o.Errors()), Demo: h.o.Demo != nil,
	}
	if err := h.o.Ready(); err != nil {
		s.NotReady = err.Error()
		succeed(w, s)
		return
	}
	for _, src := range h.o.Sources() {
		s.DataTimeMS = max(s.DataTimeMS, src.Closed)
	}
	alerts := h.o.Alerts()
	for i := range alerts {
		if alerts[i].State != slo.AlertFiring {
			continue
		}
		switch severityOf(&alerts[i]) {
		case slo.SeverityPage:
			s.Pages++
		case slo.SeverityTicket:
			s.Tickets++
		}
	}
	succeed(w, s)
}
