package tsdb

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/tsdb/wal"
)

// mend makes a TSDB's folder fit to be opened. Upstream drops all of the WAL behind
// the first bad byte, or refuses to open; here damage costs what it touches. Files are
// named below dir.
func mend(dir string, log *slog.Logger) ([]wal.Damage, error) {
	found, err := wal.Mend(dir)
	if err != nil {
		return found, err
	}
	blocks, err := mendBlocks(dir, log)
	return append(found, blocks...), err
}

const damagedSuffix = ".damaged"

// mendBlocks sets blocks aside that cannot be opened: upstream would not start.
func mendBlocks(dir string, log *slog.Logger) ([]wal.Damage, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	var found []wal.Damage
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
		found = append(found, wal.Damage{File: e.Name() + damagedSuffix, Why: err.Error()})
	}
	return found, nil
}

// report counts and logs damage.
func (d *DB) report(found []wal.Damage) {
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
