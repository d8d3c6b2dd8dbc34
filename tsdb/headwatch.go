package tsdb

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// headWatch limits the head's series and remembers which ones it dropped.
type headWatch struct {
	limit  int64 // 0 or less: none
	open   atomic.Bool
	series atomic.Int64

	departed *departed

	mu      sync.Mutex
	dropped []storage.SeriesRef
}

// reset prepares for a new head: its WAL is read without a limit.
func (w *headWatch) reset() {
	w.open.Store(false)
	w.series.Store(0)
	w.mu.Lock()
	w.dropped = nil // appenders tell heads apart by their generation
	w.mu.Unlock()
}

func (w *headWatch) ready(series uint64) {
	w.series.Store(int64(series))
	w.open.Store(true)
}

// takeDropped gives the references dropped since the last call.
func (w *headWatch) takeDropped() []storage.SeriesRef {
	w.mu.Lock()
	defer w.mu.Unlock()
	refs := w.dropped
	w.dropped = nil
	return refs
}

// PreCreation refuses a series beyond the limit.
func (w *headWatch) PreCreation(labels.Labels) error {
	if w.limit > 0 && w.open.Load() && w.series.Load() >= w.limit {
		return ErrTooManySeries
	}
	return nil
}

// PostCreation counts a series.
func (w *headWatch) PostCreation(labels.Labels) { w.series.Add(1) }

// PostDeletion remembers references that are void from now on.
func (w *headWatch) PostDeletion(deleted map[chunks.HeadSeriesRef]labels.Labels) {
	if len(deleted) == 0 {
		return
	}
	w.series.Add(-int64(len(deleted)))
	w.departed.add(deleted)
	w.mu.Lock()
	defer w.mu.Unlock()
	for ref := range deleted {
		w.dropped = append(w.dropped, storage.SeriesRef(ref))
	}
}
