package tsdb

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb/wlog"

	"github.com/slowburn/slowburn/tsdb/wal"
)

// Run looks after the TSDB until ctx ends: it watches the free space, syncs the
// WAL if asked to, and opens the TSDB again after its WAL has failed.
func (d *DB) Run(ctx context.Context) error {
	tick := time.NewTicker(d.opts.check)
	defer tick.Stop()
	var fsync <-chan time.Time
	if d.opts.WALFsync > 0 {
		t := time.NewTicker(d.opts.WALFsync)
		defer t.Stop()
		fsync = t.C
	}
	var surveys sync.WaitGroup
	defer surveys.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-fsync:
			d.syncWAL()
		case <-tick.C:
			d.disk.look(d)
		case <-d.departed.wanted:
			surveys.Go(func() { d.survey(ctx) })
		case <-d.failed:
			d.recover(ctx)
		}
	}
}

// recover opens the TSDB again, as soon as the disk takes writes: upstream reports
// success for commits after a failed one, and loses them at the next restart.
// Until then it can be read.
func (d *DB) recover(ctx context.Context) {
	d.log.Error("the WAL failed, appends are refused until it works again", "err", d.Writable())
	retry := time.NewTicker(d.opts.check)
	defer retry.Stop()
	for {
		d.disk.look(d)
		err := probe(d.dir)
		if err == nil {
			inner, reg := d.take()
			if inner != nil {
				// What it could not write it cannot write now either.
				_ = inner.Close()
				reg.unregisterAll()
			}
			if err = d.open(); err == nil {
				d.refused.Store(nil)
				d.metrics.reopened.Inc()
				d.log.Info("the WAL works again")
				return
			}
		}
		d.metrics.reopenFailures.Inc()
		d.log.Debug("the WAL cannot be opened yet", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
		}
	}
}

// syncWAL brings the newest segment to the disk; older ones were synced when they
// were completed.
func (d *DB) syncWAL() {
	for _, dir := range wal.Dirs(d.dir) {
		_, last, err := wlog.Segments(dir)
		if err != nil || last < 0 {
			continue
		}
		f, err := os.Open(wlog.SegmentName(dir, last))
		if err != nil {
			continue
		}
		if err := f.Sync(); err != nil {
			_ = d.fail(err)
		} else {
			d.metrics.walSyncs.Inc()
		}
		f.Close()
	}
}
