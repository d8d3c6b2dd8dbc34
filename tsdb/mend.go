package tsdb

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// Damage is one stretch of a file that could not be read.
type Damage struct {
	// File is the segment or block, below the TSDB's folder.
	File string
	// Offset and Bytes say which part was given up; 0 bytes: the whole file.
	Offset, Bytes int64
	// Why says what was wrong.
	Why string
	// Torn is true for an unfinished record at the end of the log: a commit that was
	// never acknowledged.
	Torn bool
}

// report counts and logs damage.
func (d *DB) report(found []Damage) {
	d.mu.Lock()
	d.damage = found
	d.mu.Unlock()
	for _, x := range found {
		switch {
		case x.Torn:
			d.log.Info("the WAL ended in an unfinished record", "file", x.File, "offset", x.Offset, "bytes", x.Bytes)
			continue
		case strings.HasSuffix(x.File, damagedSuffix):
			d.metrics.damagedBlocks.Inc()
		default:
			d.metrics.damagedBytes.Add(int(x.Bytes))
		}
		d.log.Error("samples were lost: damage on the disk", "file", x.File, "offset", x.Offset, "bytes", x.Bytes, "err", x.Why)
	}
}

// mend makes a TSDB folder fit to be opened. Upstream drops all of the WAL behind
// the first bad byte, or refuses to open; here damage costs the records it touches.
func mend(dir string, log *slog.Logger) ([]Damage, error) {
	var found []Damage
	for _, wal := range []string{walDir(dir), wblDir(dir)} {
		x, err := mendLog(wal)
		if err != nil {
			return found, err
		}
		found = append(found, x...)
	}
	blocks, err := mendBlocks(dir, log)
	found = append(found, blocks...)
	for i := range found {
		if rel, err := filepath.Rel(dir, found[i].File); err == nil {
			found[i].File = rel
		}
	}
	return found, err
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

const damagedSuffix = ".damaged"

// mendBlocks sets blocks aside that cannot be opened: upstream would not start.
func mendBlocks(dir string, log *slog.Logger) ([]Damage, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	var found []Damage
	for _, e := range entries {
		if _, err := ulid.ParseStrict(e.Name()); err != nil || !e.IsDir() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		b, err := promtsdb.OpenBlock(log, name, nil, nil)
		if err == nil {
			err = b.Close()
		}
		if err == nil {
			continue
		}
		if renameErr := os.Rename(name, name+damagedSuffix); renameErr != nil {
			return found, fmt.Errorf("set a damaged block aside: %w", errors.Join(renameErr, err))
		}
		found = append(found, Damage{File: name + damagedSuffix, Why: err.Error()})
	}
	return found, nil
}
