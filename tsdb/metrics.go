package tsdb

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

// dbMetrics are slowburn's own figures about one TSDB.
type dbMetrics struct {
	set   *metrics.Set
	names []string

	walFailures, walSyncs, reopened, reopenFailures *metrics.Counter
	damagedBytes, damagedBlocks                     *metrics.Counter
}

func newDBMetrics(d *DB, set *metrics.Set) *dbMetrics {
	m := &dbMetrics{set: set}
	name := func(n string) string {
		n = fmt.Sprintf("slowburn_tsdb_%s{db=%q}", n, d.opts.Name)
		m.names = append(m.names, n)
		return n
	}
	m.walFailures = set.GetOrCreateCounter(name("wal_failures_total"))
	m.walSyncs = set.GetOrCreateCounter(name("wal_syncs_total"))
	m.reopened = set.GetOrCreateCounter(name("reopened_total"))
	m.reopenFailures = set.GetOrCreateCounter(name("reopen_failures_total"))
	m.damagedBytes = set.GetOrCreateCounter(name("wal_damaged_bytes_total"))
	m.damagedBlocks = set.GetOrCreateCounter(name("damaged_blocks_total"))
	set.GetOrCreateGauge(name("disk_free_bytes"), func() float64 { return float64(d.disk.free.Load()) })
	set.GetOrCreateGauge(name("disk_floor_bytes"), func() float64 { return float64(d.disk.floor.Load()) })
	set.GetOrCreateGauge(name("writable"), func() float64 {
		if d.Writable() != nil {
			return 0
		}
		return 1
	})
	return m
}

func (m *dbMetrics) unregister() {
	for _, n := range m.names {
		m.set.UnregisterMetric(n)
	}
}
