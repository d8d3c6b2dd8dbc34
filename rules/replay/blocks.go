package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Blocks writes rows as blocks of a TSDB that is not open. They are marked as coming
// from out of order: a TSDB that starts drops what its WAL holds from before the
// newest block that is not.
type Blocks struct {
	dir   string
	width int64 // ms
	open  map[int64]*blockHead
	// Written is told of every block that is complete: all rows before the instant
	// until, ms, are in it or in those before it.
	Written func(id string, until int64) error
}

// unfinished is how much older than the newest row one may be, ms: sources close
// their slots a silence apart.
const unfinished = 60 * 60 * 1000

// blockHead is one block being filled.
type blockHead struct {
	dir   string
	head  *promtsdb.Head
	app   storage.AppenderV2
	refs  map[storage.SeriesRef]storage.SeriesRef // by the engine's
	fresh int
}

// NewBlocks writes into the folder of a TSDB, one block for every width of time.
func NewBlocks(dir string, width time.Duration) *Blocks {
	return &Blocks{dir: dir, width: width.Milliseconds(), open: map[int64]*blockHead{}, Written: func(string, int64) error { return nil }}
}

// Append adds a row. ref names the series and stays the same for it; rows come in
// order of time per series, and nearly so among series.
func (b *Blocks) Append(ctx context.Context, ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
	from := t - mod(t, b.width)
	h := b.open[from]
	if h == nil {
		if err := b.flush(ctx, t-unfinished); err != nil {
			return err
		}
		var err error
		if h, err = newBlockHead(ctx, b.width); err != nil {
			return err
		}
		b.open[from] = h
	}
	return h.append(ctx, ref, lset, t, v)
}

// Flush writes the blocks that are not complete yet.
func (b *Blocks) Flush(ctx context.Context) error { return b.flush(ctx, math.MaxInt64-b.width) }

// flush writes the blocks that end at or before until, oldest first.
func (b *Blocks) flush(ctx context.Context, until int64) error {
	for _, from := range slices.Sorted(maps.Keys(b.open)) {
		end := from + b.width
		if end > until {
			break
		}
		id, err := b.open[from].write(ctx, b.dir, b.width)
		if err != nil {
			return fmt.Errorf("write block from %s: %w", stamp(from), err)
		}
		delete(b.open, from)
		if id == "" {
			continue
		}
		if err := b.Written(id, end); err != nil {
			return err
		}
	}
	return nil
}

// Close gives up what was not flushed.
func (b *Blocks) Close() error {
	var errs []error
	for from, h := range b.open {
		errs = append(errs, h.close())
		delete(b.open, from)
	}
	return errors.Join(errs...)
}

func newBlockHead(ctx context.Context, width int64) (*blockHead, error) {
	dir, err := os.MkdirTemp("", "slowburn-block-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a block: %w", err)
	}
	opts := promtsdb.DefaultHeadOptions()
	opts.ChunkDirRoot = dir
	// A head takes what is up to half its range behind its newest sample.
	opts.ChunkRange = 2 * width
	h := &blockHead{dir: dir, refs: map[storage.SeriesRef]storage.SeriesRef{}}
	h.head, err = promtsdb.NewHead(nil, slog.New(slog.DiscardHandler), nil, nil, opts, promtsdb.NewHeadStats())
	if err == nil {
		err = h.head.Init(math.MinInt64)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin a block: %w", err), os.RemoveAll(dir))
	}
	h.app = h.head.AppenderV2(ctx)
	return h, nil
}

func (h *blockHead) append(ctx context.Context, ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
	own, err := h.app.Append(h.refs[ref], lset, 0, t, v, nil, nil, storage.AppendV2Options{})
	if err != nil {
		return fmt.Errorf("add %s at %s to its block: %w", lset, stamp(t), err)
	}
	h.refs[ref] = own
	if h.fresh++; h.fresh < 10_000 {
		return nil
	}
	h.fresh = 0
	if err := h.app.Commit(); err != nil {
		return fmt.Errorf("fill a block: %w", err)
	}
	h.app = h.head.AppenderV2(ctx)
	return nil
}

// write makes the block, by one rename, and returns its ID; none if it is empty.
func (h *blockHead) write(ctx context.Context, dir string, width int64) (string, error) {
	if err := h.app.Commit(); err != nil {
		return "", err
	}
	h.app = nil
	c, err := promtsdb.NewLeveledCompactor(ctx, nil, slog.New(slog.DiscardHandler), []int64{width}, chunkenc.NewPool(), nil)
	if err != nil {
		return "", err
	}
	late := &promtsdb.BlockMeta{}
	late.Compaction.SetOutOfOrder()
	ids, err := c.Write(dir, h.head, h.head.MinTime(), h.head.MaxTime()+1, late)
	if err = errors.Join(err, h.close()); err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0].String(), nil
}

func (h *blockHead) close() error {
	if h.app != nil {
		_ = h.app.Rollback()
	}
	return errors.Join(h.head.Close(), os.RemoveAll(h.dir))
}
