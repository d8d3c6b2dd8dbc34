package tsdb

import (
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// registry passes collectors on and remembers them: upstream leaves most of its
// own registered when it is closed, and would panic when opened again.
type registry struct {
	to prometheus.Registerer // nil: nowhere

	mu   sync.Mutex
	have []prometheus.Collector
	logs []prometheus.Metric // count failed writes to the WAL and the WBL
}

// failedWrites are upstream's counters that grow before a failed write returns.
var failedWrites = []string{
	`"prometheus_tsdb_wal_writes_failed_total"`,
	`"prometheus_tsdb_out_of_order_wbl_writes_failed_total"`,
}

// walWritesFailed says whether a write to the WAL or the WBL has ever failed.
func (r *registry) walWritesFailed() bool {
	for _, c := range r.logs {
		var m dto.Metric
		if c.Write(&m) == nil && m.GetCounter().GetValue() > 0 {
			return true
		}
	}
	return false
}

// note keeps c if it is one of failedWrites.
func (r *registry) note(c prometheus.Collector) {
	ch := make(chan *prometheus.Desc, 16)
	go func() { c.Describe(ch); close(ch) }()
	found := false
	for desc := range ch {
		for _, name := range failedWrites {
			found = found || strings.Contains(desc.String(), name)
		}
	}
	if m, is := c.(prometheus.Metric); is && found {
		r.logs = append(r.logs, m)
	}
}

// Register passes c on.
func (r *registry) Register(c prometheus.Collector) error {
	r.note(c)
	if r.to == nil {
		return nil
	}
	if err := r.to.Register(c); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.have = append(r.have, c)
	return nil
}

// MustRegister passes cs on, and panics if one is a duplicate.
func (r *registry) MustRegister(cs ...prometheus.Collector) {
	var errs []error
	for _, c := range cs {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		panic(err)
	}
}

// Unregister takes c back.
func (r *registry) Unregister(c prometheus.Collector) bool {
	return r.to != nil && r.to.Unregister(c)
}

func (r *registry) unregisterAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.have {
		r.to.Unregister(c)
	}
	r.have = nil
}
