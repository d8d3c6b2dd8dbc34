package tsdb

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

func walDir(dir string) string { return filepath.Join(dir, "wal") }
func wblDir(dir string) string { return filepath.Join(dir, wlog.WblDirName) }

// offsetBits leave 2^20 segments of 2^32 bytes below 2^53, so that a position is
// exact as a float64 sample.
const offsetBits = 32

// walEnd follows the end of the WAL.
type walEnd struct {
	mu      sync.Mutex
	dir     string
	segment int
}

func (w *walEnd) start(dir string) error {
	_, last, err := wlog.Segments(walDir(dir))
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dir, w.segment = walDir(dir), max(0, last)
	return nil
}

// Position is the end of the WAL: every sample committed before the call lies in
// front of it, every one after it behind. It fits a float64 exactly. It costs two
// stat calls, since each commit is flushed to the newest segment.
func (d *DB) Position() int64 {
	w := &d.pos
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if _, err := os.Stat(wlog.SegmentName(w.dir, w.segment+1)); err != nil {
			break
		}
		w.segment++
	}
	var offset int64
	if info, err := os.Stat(wlog.SegmentName(w.dir, w.segment)); err == nil {
		offset = info.Size()
	}
	return int64(w.segment)<<offsetBits | offset
}

func splitPosition(pos int64) (segment int, offset int64, err error) {
	if pos < 0 || pos > 1<<53 {
		return 0, 0, fmt.Errorf("tsdb: %d is no WAL position", pos)
	}
	return int(pos >> offsetBits), pos & (1<<offsetBits - 1), nil
}
