package tsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/tsdb/wal"
)

// Reasons for which a DB cannot take part now. Each is temporary.
var (
	// ErrNotReady is returned while the TSDB is being opened again.
	ErrNotReady = errors.New("TSDB is being opened again")
	// ErrDiskLow is returned while less than the free-space floor is left.
	ErrDiskLow = errors.New("free disk space is below the floor")
	// ErrWALFailed is returned from the first failed WAL write until the TSDB has
	// been opened again: what is committed in between would be gone after a restart.
	ErrWALFailed = errors.New("a write to the WAL failed")
	// ErrTooManySeries refuses a new series; those the head knows go on.
	ErrTooManySeries = errors.New("head series limit reached")
)

// DB is one TSDB. Behind it the upstream one is closed and opened again when its
// WAL fails. It is safe for concurrent use.
type DB struct {
	dir     string
	opts    Options
	log     *slog.Logger
	metrics *dbMetrics
	damage  []wal.Damage

	head headWatch
	end  wal.End
	disk diskState

	departed departed

	refused atomic.Pointer[error] // why appends are refused since a WAL write failed
	failed  chan struct{}         // wakes Run

	mu     sync.Mutex
	free   *sync.Cond // signals that holds fell to 0
	inner  *promtsdb.DB
	reg    *registry
	opened uint32 // how many times
	holds  int
	closed bool
}

var (
	_ storage.SampleAndChunkQueryable = (*DB)(nil)
	_ storage.ExemplarQueryable       = (*DB)(nil)
	_ storage.AppendableV2            = (*DB)(nil)
)

// Open opens or makes the TSDB in dir. Damage to its WAL or blocks is mended so
// that it starts with everything else, and reported: see Damage.
func Open(dir string, opts Options) (*DB, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	d := &DB{dir: dir, opts: opts, log: opts.Logger.With("db", opts.Name), failed: make(chan struct{}, 1)}
	d.free = sync.NewCond(&d.mu)
	d.departed.wanted = make(chan struct{}, 1)
	d.metrics = newDBMetrics(d, opts.Metrics)
	d.head.limit, d.head.departed = opts.MaxSeries, &d.departed
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make folder of %s TSDB: %w", opts.Name, err)
	}
	if err := d.open(); err != nil {
		return nil, err
	}
	d.disk.look(d)
	return d, nil
}

// open mends what is damaged and opens the upstream TSDB.
func (d *DB) open() error {
	found, err := mend(d.dir, d.log)
	if err != nil {
		return fmt.Errorf("check %s TSDB: %w", d.opts.Name, err)
	}
	d.report(found)
	reg := &registry{}
	if d.opts.Registerer != nil {
		reg.to = prometheus.WrapRegistererWith(prometheus.Labels{"db": d.opts.Name}, d.opts.Registerer)
	}
	d.head.reset()
	inner, err := promtsdb.Open(d.dir, d.log, reg, d.opts.upstream(&d.head), d.opts.Stats)
	if err != nil {
		reg.unregisterAll()
		return fmt.Errorf("open %s TSDB: %w", d.opts.Name, err)
	}
	d.head.ready(inner.Head().NumSeries())
	d.departed.begin(len(inner.Blocks()) == 0)
	if err := d.end.Of(d.dir); err != nil {
		return errors.Join(err, inner.Close())
	}
	d.mu.Lock()
	d.inner, d.reg = inner, reg
	d.opened++
	d.mu.Unlock()
	return nil
}

// hold lends out the upstream TSDB until release is called.
func (d *DB) hold() (*promtsdb.DB, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inner == nil {
		return nil, ErrNotReady
	}
	d.holds++
	return d.inner, nil
}

func (d *DB) release() {
	d.mu.Lock()
	if d.holds--; d.holds == 0 {
		d.free.Broadcast()
	}
	d.mu.Unlock()
}

// take waits until nobody holds the upstream TSDB and takes it away from all.
func (d *DB) take() (*promtsdb.DB, *registry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	inner, reg := d.inner, d.reg
	d.inner, d.reg = nil, nil
	for d.holds > 0 {
		d.free.Wait()
	}
	return inner, reg
}

// Writable says why appends are refused at the moment: ErrWALFailed, ErrDiskLow
// or ErrNotReady; nil if they are not.
func (d *DB) Writable() error {
	if err := d.refused.Load(); err != nil {
		return *err
	}
	if d.disk.low.Load() {
		return ErrDiskLow
	}
	return nil
}

// Dir is the folder the TSDB lies in.
func (d *DB) Dir() string { return d.dir }

// Damage is what was found damaged, and mended, when the TSDB was opened.
func (d *DB) Damage() []wal.Damage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.damage
}

// Head gives fn the upstream head while it is open.
func (d *DB) Head(fn func(*promtsdb.Head)) error {
	inner, err := d.hold()
	if err != nil {
		return err
	}
	defer d.release()
	fn(inner.Head())
	return nil
}

// Close waits for those who read or append, and closes the TSDB. It may be called
// more than once. Run must have returned.
func (d *DB) Close() error {
	d.mu.Lock()
	was := d.closed
	d.closed = true
	d.mu.Unlock()
	if was {
		return nil
	}
	inner, reg := d.take()
	d.metrics.unregister()
	if inner == nil {
		return nil
	}
	err := inner.Close()
	reg.unregisterAll()
	if err != nil {
		return fmt.Errorf("close %s TSDB: %w", d.opts.Name, err)
	}
	return nil
}

// AppenderV2 returns an appender whose Commit is a promise: after nil the samples
// survive a kill.
func (d *DB) AppenderV2(ctx context.Context) storage.AppenderV2 {
	app, _, err := d.begin(ctx)
	if err != nil {
		return refusing{err}
	}
	return app
}

// begin is AppenderV2 for the receiver, which also asks the upstream TSDB.
func (d *DB) begin(ctx context.Context) (*appender, *promtsdb.DB, error) {
	if err := d.Writable(); err != nil {
		return nil, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inner == nil {
		return nil, nil, ErrNotReady
	}
	d.holds++
	return &appender{AppenderV2: d.inner.AppenderV2(ctx), db: d, reg: d.reg, generation: d.opened}, d.inner, nil
}

// TakeBlocks reads the blocks that others have put into the TSDB's folder.
func (d *DB) TakeBlocks(ctx context.Context) error {
	inner, err := d.hold()
	if err != nil {
		return err
	}
	defer d.release()
	// Of what upstream offers this alone reads the folder again, whatever else there is
	// to do.
	if err := inner.CompactOOOHead(ctx); err != nil {
		return fmt.Errorf("take blocks of %s: %w", d.dir, err)
	}
	return nil
}

// Oldest is the event time of the oldest sample that may be stored, ms.
func (d *DB) Oldest() (int64, error) {
	inner, err := d.hold()
	if err != nil {
		return 0, err
	}
	defer d.release()
	oldest := inner.Head().MinTime()
	if t := inner.Head().MinOOOTime(); t < oldest {
		oldest = t
	}
	for _, b := range inner.Blocks() {
		oldest = min(oldest, b.MinTime())
	}
	return oldest, nil
}
