package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// Damage is one stretch of a file that could not be read. Other packages report damage
// to other files in it.
type Damage struct {
	// File is the segment, or whatever else it is, below the TSDB's folder.
	File string
	// Offset and Bytes say which part was given up; 0 bytes: the whole file.
	Offset, Bytes int64
	// Why says what was wrong.
	Why string
	// Torn is true for an unfinished record at the end of the log: a commit that was
	// never acknowledged.
	Torn bool
}

// Mend makes the logs of the TSDB in dir readable to their last record: damage costs
// the records that it touches, and no others. Files are named below dir.
func Mend(dir string) ([]Damage, error) {
	var found []Damage
	for _, log := range Dirs(dir) {
		x, err := mendLog(log)
		found = append(found, x...)
		if err != nil {
			return found, err
		}
	}
	for i := range found {
		if rel, err := filepath.Rel(dir, found[i].File); err == nil {
			found[i].File = rel
		}
	}
	return found, nil
}

// mendLog mends the checkpoint and the segments of one log.
func mendLog(dir string) (found []Damage, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	next := 0
	if filepath.Base(dir) == wlog.WblDirName {
		next = -1 // cut off from the front without a checkpoint
	}
	if cp, covers, err := wlog.LastCheckpoint(dir); err == nil {
		next = covers + 1
		if found, err = mendSegments(cp, 0); err != nil {
			return found, err
		}
	}
	x, err := mendSegments(dir, next)
	return append(found, x...), err
}

// mendSegments mends each segment, and puts an empty one where one is missing
// from next on: upstream refuses a log with a gap. -1 is whichever comes first.
func mendSegments(dir string, next int) ([]Damage, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var found []Damage
	for _, e := range entries { // sorted by name, hence by number
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%08d", &n); err != nil || e.IsDir() || len(e.Name()) != 8 {
			continue
		}
		for ; next >= 0 && next < n; next++ {
			name := wlog.SegmentName(dir, next)
			if err := os.WriteFile(name, nil, 0o666); err != nil {
				return found, fmt.Errorf("fill the gap in the WAL: %w", err)
			}
			found = append(found, Damage{File: name, Why: "the segment is missing"})
		}
		next = max(next, n+1)
		x, err := mendSegment(filepath.Join(dir, e.Name()))
		found = append(found, x...)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}
