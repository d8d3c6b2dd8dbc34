package tsdb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

// departed are the series that the head may not know although blocks hold them, by
// the hash of their labels. More than that does no harm. Of one that appears with a new
// pod, nobody need search the blocks for a past, a whole deployment's series at a time.
type departed struct {
	whole  atomic.Bool // all of them are known
	asked  atomic.Bool // for a survey, since the TSDB was opened
	wanted chan struct{}

	mu     sync.RWMutex
	hashes map[uint64]struct{}
}

// begin prepares for a TSDB that has just been opened.
func (p *departed) begin(empty bool) {
	p.whole.Store(empty)
	p.asked.Store(false)
}

// maxDeparted bounds the memory spent on departed, series: some 60 MiB.
const maxDeparted = 2_000_000

func (p *departed) has(hash uint64) bool {
	if !p.whole.Load() {
		if p.asked.CompareAndSwap(false, true) {
			select {
			case p.wanted <- struct{}{}:
			default: // Run has not come to the last one yet
			}
		}
		return true
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, is := p.hashes[hash]
	return is
}

// add notes series that the head has dropped.
func (p *departed) add(dropped map[chunks.HeadSeriesRef]labels.Labels) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, lset := range dropped {
		p.note(lset.Hash())
	}
}

func (p *departed) note(hash uint64) {
	if p.hashes == nil {
		p.hashes = map[uint64]struct{}{}
	}
	if len(p.hashes) >= maxDeparted {
		p.whole.Store(false)
		return
	}
	p.hashes[hash] = struct{}{}
}

// errFull ends a count of more series than are noted.
var errFull = errors.New("more series in blocks than are noted")

// survey notes the series of the blocks that were there when the TSDB was opened: in
// the background, since each has to be read from disk.
func (d *DB) survey(ctx context.Context) {
	inner, err := d.hold()
	if err != nil {
		return
	}
	defer d.release()
	for _, b := range inner.Blocks() {
		if err := d.departed.surveyBlock(ctx, b); err != nil {
			if ctx.Err() == nil {
				d.log.Warn("every new series will be looked for in the blocks", "block", b.Meta().ULID, "err", err)
			}
			return
		}
	}
	d.departed.whole.Store(true)
}

func (p *departed) surveyBlock(ctx context.Context, b *promtsdb.Block) error {
	ix, err := b.Index()
	if err != nil {
		return err
	}
	defer ix.Close()
	name, value := index.AllPostingsKey()
	all, err := ix.Postings(ctx, name, value)
	if err != nil {
		return err
	}
	var sb labels.ScratchBuilder
	for all.Next() {
		if err := ix.Series(all.At(), &sb, nil); err != nil {
			return err
		}
		p.mu.Lock()
		p.note(sb.Labels().Hash())
		full := len(p.hashes) >= maxDeparted
		p.mu.Unlock()
		switch {
		case full:
			return errFull
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return all.Err()
}
