package tsdb

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/slowburn/slowburn/tsdb/wal"
)

// Position is the end of the WAL, as wal.End has it.
func (d *DB) Position() int64 { return d.end.Position() }

// Since calls fn for every sample that was committed behind pos, as wal.Scan does.
func (d *DB) Since(pos int64, fn wal.SampleFunc) error {
	inner, err := d.hold()
	if err != nil {
		return err
	}
	defer d.release()
	inHead := func(ref chunks.HeadSeriesRef) (labels.Labels, bool) {
		ix, err := inner.Head().Index()
		if err != nil {
			return labels.EmptyLabels(), false
		}
		defer ix.Close()
		b := labels.NewScratchBuilder(0)
		err = ix.Series(storage.SeriesRef(ref), &b, nil)
		return b.Labels(), err == nil
	}
	lost, err := wal.Scan(d.dir, pos, inHead, d.log, fn)
	if lost > 0 {
		d.log.Warn("samples in the WAL belong to series that it no longer names", "samples", lost)
	}
	return err
}
