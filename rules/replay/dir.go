package replay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// headReach is how far before the newest block's end samples may still lie in the
// head: those that came out of order, ms.
const headReach = 24 * 60 * 60 * 1000

// Dir is the TSDB in a folder, read as it was when it was opened: a Prometheus or a
// slowburn may go on writing to it.
type Dir struct {
	name    string
	dbs     []*promtsdb.DBReadOnly
	blocks  []promtsdb.BlockReader
	all     storage.Querier // blocks and head
	sandbox string
}

// OpenDir opens a TSDB. Its WAL is read at once, as when Prometheus starts. What has
// to be written in doing so goes to a folder under os.TempDir.
func OpenDir(dir string) (*Dir, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("open TSDB: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("open TSDB: %s is not a folder", dir)
	}
	d := &Dir{name: dir}
	if err := d.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open TSDB %s: %w", dir, err), d.Close())
	}
	return d, nil
}

func (d *Dir) open() (err error) {
	if d.sandbox, err = os.MkdirTemp("", "slowburn-past-"); err != nil {
		return err
	}
	// Each knows one way of reading at a time.
	for range 2 {
		db, err := promtsdb.OpenDBReadOnly(d.name, d.sandbox, nil)
		if err != nil {
			return err
		}
		d.dbs = append(d.dbs, db)
	}
	if d.blocks, err = d.dbs[0].Blocks(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.name, "wal")); errors.Is(err, os.ErrNotExist) {
		d.all, err = d.blockQuerier(math.MinInt64, math.MaxInt64) // blocks alone, as promtool makes them
		return err
	}
	d.all, err = d.dbs[1].Querier(math.MinInt64, math.MaxInt64)
	return err
}

// Close lets go of the files.
func (d *Dir) Close() error {
	var errs []error
	if d.all != nil {
		errs = append(errs, d.all.Close())
	}
	for _, db := range d.dbs {
		errs = append(errs, db.Close())
	}
	d.all, d.dbs, d.blocks = nil, nil, nil
	if d.sandbox != "" {
		errs = append(errs, os.RemoveAll(d.sandbox))
	}
	return errors.Join(errs...)
}

// Querier reads what lies in [mint, maxt], ms: only the blocks that overlap it, and
// the head where it may. It must be closed before the next one is asked for.
func (d *Dir) Querier(mint, maxt int64) (storage.Querier, error) {
	if n := len(d.blocks); n == 0 || maxt > d.blocks[n-1].Meta().MaxTime-headReach {
		return lent{d.all}, nil
	}
	return d.blockQuerier(mint, maxt)
}

// blockQuerier reads the blocks that overlap [mint, maxt], ms.
func (d *Dir) blockQuerier(mint, maxt int64) (storage.Querier, error) {
	var qs []storage.Querier
	for _, b := range d.blocks {
		if m := b.Meta(); m.MinTime > maxt || m.MaxTime <= mint {
			continue
		}
		q, err := promtsdb.NewBlockQuerier(b, mint, maxt)
		if err != nil {
			for _, q := range qs {
				err = errors.Join(err, q.Close())
			}
			return nil, fmt.Errorf("read block %s of %s: %w", b.Meta().ULID, d.name, err)
		}
		qs = append(qs, q)
	}
	return storage.NewMergeQuerier(qs, nil, storage.ChainedSeriesMerge), nil
}

// lent is a querier that its borrower does not close.
type lent struct{ storage.Querier }

func (lent) Close() error { return nil }

// Bounds are the times of the oldest and the newest sample of the selected series,
// to a block's bounds where blocks hold them, ms; ok is false if there is none.
func (d *Dir) Bounds(ctx context.Context, selectors [][]*labels.Matcher) (oldest, newest int64, ok bool, err error) {
	oldest, newest = math.MaxInt64, math.MinInt64
	from := int64(math.MinInt64)
	for _, b := range d.blocks {
		m := b.Meta()
		oldest = min(oldest, m.MinTime)
		from = max(from, m.MaxTime-headReach)
		ok = true
	}
	for _, ms := range selectors {
		set := d.all.Select(ctx, false, &storage.SelectHints{Start: from, End: math.MaxInt64}, ms...)
		for set.Next() {
			it := set.At().Iterator(nil)
			for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
				t := it.AtT()
				oldest, newest, ok = min(oldest, t), max(newest, t), true
			}
			if it.Err() != nil {
				return 0, 0, false, fmt.Errorf("read TSDB %s: %w", d.name, it.Err())
			}
		}
		if set.Err() != nil {
			return 0, 0, false, fmt.Errorf("read TSDB %s: %w", d.name, set.Err())
		}
	}
	if newest < oldest { // the selected series ended long ago
		newest = from + headReach
	}
	return oldest, newest, ok, nil
}
