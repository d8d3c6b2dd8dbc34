package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

func walDir(dir string) string { return filepath.Join(dir, "wal") }

// Dirs are the folders of the two logs of the TSDB in dir: of what comes in order, and
// of what comes out of it.
func Dirs(dir string) [2]string {
	return [2]string{walDir(dir), filepath.Join(dir, wlog.WblDirName)}
}

// offsetBits leave 2^20 segments of 2^32 bytes below 2^53, so that a position is
// exact as a float64 sample.
const offsetBits = 32

// End follows the end of a WAL that somebody writes to. It is safe for concurrent use.
type End struct {
	mu      sync.Mutex
	dir     string
	segment int
}

// Of begins to follow the WAL of the TSDB in dir.
func (w *End) Of(dir string) error {
	_, last, err := wlog.Segments(walDir(dir))
	if err != nil {
		return fmt.Errorf("find the end of the WAL: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dir, w.segment = walDir(dir), max(0, last)
	return nil
}

// Position is the end of the WAL: every sample committed before the call lies in
// front of it, every one after it behind. It fits a float64 exactly. It costs two
// stat calls, since each commit is flushed to the newest segment.
func (w *End) Position() int64 {
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

// PositionAt is the position at which the WAL of the closed TSDB in dir ends, 0 if it
// has none.
func PositionAt(dir string) int64 {
	var w End
	if w.Of(dir) != nil {
		return 0
	}
	return w.Position()
}

func splitPosition(pos int64) (segment int, offset int64, err error) {
	if pos < 0 || pos > 1<<53 {
		return 0, 0, fmt.Errorf("%d is no WAL position", pos)
	}
	return int(pos >> offsetBits), pos & (1<<offsetBits - 1), nil
}
