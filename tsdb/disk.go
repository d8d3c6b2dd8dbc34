package tsdb

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

const minFree = 256 << 20

// diskState is what was last seen of the file system.
type diskState struct {
	free, floor atomic.Int64 // bytes
	low         atomic.Bool
}

// look asks the file system how much is left. A file system that does not say is
// not low: the WAL's own errors are what counts then.
func (s *diskState) look(d *DB) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &fs); err != nil {
		s.low.Store(false)
		return
	}
	free := int64(fs.Bavail) * fs.Bsize
	floor := d.opts.MinFree
	if floor == 0 {
		floor = max(minFree, int64(fs.Blocks)*fs.Bsize/50)
	}
	s.free.Store(free)
	s.floor.Store(floor)
	s.low.Store(free < floor)
}

// DiskLow says whether appends are refused for want of space, and the bytes free
// and demanded.
func (d *DB) DiskLow() (low bool, free, floor int64) {
	return d.disk.low.Load(), d.disk.free.Load(), d.disk.floor.Load()
}

// probe writes and removes a small file beside the WAL: opening a TSDB on a disk
// that still refuses writes would only take the readable one away.
func probe(dir string) error {
	path := filepath.Join(dir, "probe.tmp")
	defer os.Remove(path)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("probe the disk: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 1<<20)); err != nil {
		return fmt.Errorf("probe the disk: %w", err)
	}
	return f.Sync()
}
