package tsdb

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// appender is an upstream appender that holds the TSDB and watches its WAL.
type appender struct {
	storage.AppenderV2
	db   *DB
	reg  *registry
	done bool

	generation uint32 // of the upstream TSDB: references of another one are void
}

// Commit writes to the WAL and makes the samples readable. If a write to the WAL, or
// to the log of out-of-order samples, has failed before, the samples count as not
// stored: upstream reports success then, and loses them at the next start.
func (a *appender) Commit() error {
	err := a.AppenderV2.Commit()
	switch {
	case err != nil:
		err = a.db.fail(err)
	case a.reg.walWritesFailed():
		err = a.db.fail(errors.New("records behind a torn one are lost at the next start"))
	}
	a.finish()
	return err
}

// Rollback forgets the samples.
func (a *appender) Rollback() error {
	err := a.AppenderV2.Rollback()
	a.finish()
	return err
}

func (a *appender) finish() {
	if !a.done {
		a.done = true
		a.db.release()
	}
}

// AppendExemplars adds exemplars to a series that has been appended to.
func (a *appender) AppendExemplars(ref storage.SeriesRef, lset labels.Labels, es []exemplar.Exemplar) (storage.SeriesRef, error) {
	return a.AppenderV2.(storage.ExemplarAppenderV2).AppendExemplars(ref, lset, es)
}

// GetRef finds a series of the head and the labels it holds.
func (a *appender) GetRef(lset labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	return a.AppenderV2.(storage.GetRef).GetRef(lset, hash)
}

// fail stops appends until Run has opened the TSDB again.
func (d *DB) fail(err error) error {
	err = fmt.Errorf("%w: %w", ErrWALFailed, err)
	if !d.refused.CompareAndSwap(nil, &err) {
		return err
	}
	d.metrics.walFailures.Inc()
	select {
	case d.failed <- struct{}{}:
	default:
	}
	return err
}

// refusing is the appender of a DB that takes nothing now.
type refusing struct{ err error }

func (r refusing) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AppendV2Options) (storage.SeriesRef, error) {
	return 0, r.err
}
func (r refusing) Commit() error   { return r.err }
func (r refusing) Rollback() error { return nil }
