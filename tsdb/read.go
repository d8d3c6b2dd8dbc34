package tsdb

import (
	"context"

	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Querier reads samples in [mint, maxt], ms. It holds the TSDB until closed.
func (d *DB) Querier(mint, maxt int64) (storage.Querier, error) {
	inner, err := d.hold()
	if err != nil {
		return nil, err
	}
	q, err := inner.Querier(mint, maxt)
	if err != nil {
		d.release()
		return nil, err
	}
	return &querier{Querier: q, db: d}, nil
}

// ChunkQuerier reads chunks that overlap [mint, maxt], ms. It holds the TSDB
// until closed.
func (d *DB) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	inner, err := d.hold()
	if err != nil {
		return nil, err
	}
	q, err := inner.ChunkQuerier(mint, maxt)
	if err != nil {
		d.release()
		return nil, err
	}
	return &chunkQuerier{ChunkQuerier: q, db: d}, nil
}

// ExemplarQuerier reads exemplars, which lie in memory.
func (d *DB) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	inner, err := d.hold()
	if err != nil {
		return nil, err
	}
	defer d.release()
	return inner.ExemplarQuerier(ctx)
}

type querier struct {
	storage.Querier
	db   *DB
	done bool
}

func (q *querier) Close() error {
	err := q.Querier.Close()
	if !q.done {
		q.done = true
		q.db.release()
	}
	return err
}

type chunkQuerier struct {
	storage.ChunkQuerier
	db   *DB
	done bool
}

func (q *chunkQuerier) Close() error {
	err := q.ChunkQuerier.Close()
	if !q.done {
		q.done = true
		q.db.release()
	}
	return err
}

// StartTime is the time of the oldest sample, ms.
func (d *DB) StartTime() (int64, error) {
	inner, err := d.hold()
	if err != nil {
		return 0, err
	}
	defer d.release()
	return inner.StartTime()
}

// Stats are the head's figures for the web API's status page: the limit biggest
// by name, label and value.
func (d *DB) Stats(label string, limit int) (*promtsdb.Stats, error) {
	inner, err := d.hold()
	if err != nil {
		return nil, err
	}
	defer d.release()
	s := inner.Head().Stats(label, limit)
	if s.IndexPostingStats == nil {
		s.IndexPostingStats = &index.PostingsStats{}
	}
	return s, nil
}

// WALReplayStatus says how far reading the WAL has come; Open returns after it.
func (d *DB) WALReplayStatus() (promtsdb.WALReplayStatus, error) {
	return promtsdb.WALReplayStatus{}, nil
}
