package tsdb

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/compression"
)

// Options tune a DB. OpenRaw and OpenLedger fill what is zero.
type Options struct {
	// Name is the value of the label db on the TSDB's metrics: raw or ledger.
	Name string
	// Retention is how long samples are kept: 15 d raw, 400 d ledger.
	Retention time.Duration
	// OutOfOrder is how far behind the newest sample one may lie and still be
	// stored. Raw: 6 h, since Prometheus keeps about 2 h unsent. Ledger: as long as
	// a source may lag, 7 d.
	OutOfOrder time.Duration
	// Exemplars is how many exemplars are kept in memory; negative: none. Raw:
	// 100,000, ledger: none.
	Exemplars int64
	// MaxSeries is how many series the head may hold; new ones beyond it are
	// refused with ErrTooManySeries. Raw: 2 M, negative: no limit.
	MaxSeries int64
	// MinFree is the free space, in bytes, below which appends are refused; 0 is
	// the greater of 256 MiB and 2 % of the file system, negative: no floor.
	MinFree int64
	// WALFsync is how often the WAL is synced, which bounds what a power loss may
	// take; 0 leaves it to the kernel, up to 30 s.
	WALFsync time.Duration
	// Registerer gets the TSDB's own metrics; nil: nobody does.
	Registerer prometheus.Registerer
	// Metrics gets slowburn_tsdb_*; nil: a set of its own.
	Metrics *metrics.Set
	// Stats tell, while the TSDB opens, how much of its WAL has been read; nil: nobody asks.
	Stats *promtsdb.DBStats
	// Logger; nil: silence.
	Logger *slog.Logger

	// check is how often Run looks after the disk and a failed WAL; 0 is 1 s.
	check time.Duration
}

// Retentions and windows by default.
const (
	DefaultRawRetention     = 15 * 24 * time.Hour
	DefaultLedgerRetention  = 400 * 24 * time.Hour
	DefaultRawOutOfOrder    = 6 * time.Hour
	DefaultLedgerOutOfOrder = 7 * 24 * time.Hour
)

// OpenRaw opens the TSDB for raw samples in dir.
func OpenRaw(dir string, o Options) (*DB, error) {
	o.Name = orDefault(o.Name, "raw")
	o.Retention = orDefault(o.Retention, DefaultRawRetention)
	o.OutOfOrder = orDefault(o.OutOfOrder, DefaultRawOutOfOrder)
	o.Exemplars = orDefault(o.Exemplars, 100_000)
	o.MaxSeries = orDefault(o.MaxSeries, 2_000_000)
	return Open(dir, o)
}

// OpenLedger opens the TSDB for stored counters in dir.
func OpenLedger(dir string, o Options) (*DB, error) {
	o.Name = orDefault(o.Name, "ledger")
	o.Retention = orDefault(o.Retention, DefaultLedgerRetention)
	o.OutOfOrder = orDefault(o.OutOfOrder, DefaultLedgerOutOfOrder)
	o.Exemplars = orDefault(o.Exemplars, -1)
	o.MaxSeries = orDefault(o.MaxSeries, -1)
	return Open(dir, o)
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (o *Options) validate() error {
	switch {
	case o.Name == "":
		return errors.New("tsdb: Options.Name is empty")
	case o.Retention < 2*time.Hour:
		return fmt.Errorf("tsdb: a retention of %s is shorter than one block, 2h", o.Retention)
	case o.OutOfOrder <= 0:
		return errors.New("tsdb: Options.OutOfOrder must be positive: one sample from the future would else shut out all others")
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.check = orDefault(o.check, time.Second)
	return nil
}

// upstream turns the options into Prometheus's.
func (o *Options) upstream(cb promtsdb.SeriesLifecycleCallback) *promtsdb.Options {
	p := promtsdb.DefaultOptions()
	p.RetentionDuration = o.Retention.Milliseconds()
	p.OutOfOrderTimeWindow = o.OutOfOrder.Milliseconds()
	// As Prometheus does: at most 31 d, so that retention drops a tenth at a time.
	p.MaxBlockDuration = max(p.MinBlockDuration, min((31*24*time.Hour).Milliseconds(), p.RetentionDuration/10))
	p.WALCompression = compression.Snappy
	// Isolation hides a commit from readers until it is whole. A request is no unit to
	// them: a scrape is spread over several. It would cost each series a ring of commits.
	p.IsolationDisabled = true
	// Start timestamps tell births from resets; only XOR2 chunks keep them.
	p.EnableSTStorage = true
	p.FloatChunkEncoding = chunkenc.EncXOR2
	p.EnableHistogramSTEncoding = true
	p.EnableExemplarStorage = o.Exemplars > 0
	p.MaxExemplars = max(0, o.Exemplars)
	p.SeriesLifecycleCallback = cb
	return p
}
