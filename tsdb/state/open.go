package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Schema is the version of the file's layout that this program writes.
const Schema = 1

// ErrNewer is returned for a file that a newer slowburn wrote. Nothing in it was
// touched.
var ErrNewer = errors.New("state file was written by a newer slowburn")

var (
	metaBucket = []byte("meta")
	schemaKey  = []byte("schema")
)

// Options tune Open. The zero value works.
type Options struct {
	// LockTimeout is how long Open waits for another process to let go of the
	// file; 0 is 1 s.
	LockTimeout time.Duration
	// Now dates the name of a damaged file; nil is time.Now.
	Now func() time.Time
}

// DB is one open state file. It is safe for concurrent use.
type DB struct {
	bolt    *bolt.DB
	path    string
	damaged string

	closeOnce sync.Once
	closeErr  error
}

// Open opens the state file at path, or makes it. A damaged file is set aside
// and an empty one opened in its place: Damaged says so.
func Open(path string, opts Options) (*DB, error) {
	if opts.LockTimeout == 0 {
		opts.LockTimeout = time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("make folder of state file: %w", err)
	}
	d := &DB{path: path}
	err := d.open(opts)
	switch {
	case err == nil:
		return d, nil
	case !isDamage(err):
		return nil, fmt.Errorf("open state file %s: %w", path, err)
	}
	d.damaged = fmt.Sprintf("%s.corrupt-%s", path, opts.Now().UTC().Format("20060102T150405.000Z"))
	if renameErr := os.Rename(path, d.damaged); renameErr != nil {
		return nil, fmt.Errorf("set damaged state file aside: %w", errors.Join(renameErr, err))
	}
	if err := d.open(opts); err != nil {
		return nil, fmt.Errorf("open state file %s: %w", path, err)
	}
	return d, nil
}

// open checks the file before bbolt may write to it, then opens it for writing.
func (d *DB) open(opts Options) error {
	if info, err := os.Stat(d.path); err == nil && info.Size() > 0 {
		if err := inspect(d.path, opts); err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The free list is kept in the file: to rebuild it bbolt walks the tree in a
	// goroutine of its own, where a damaged page would end the process.
	b, err := guarded(func() (*bolt.DB, error) {
		return bolt.Open(d.path, 0o600, &bolt.Options{Timeout: opts.LockTimeout})
	})
	if err != nil {
		return err
	}
	err = b.Update(func(tx *bolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		return meta.Put(schemaKey, binary.BigEndian.AppendUint64(nil, Schema))
	})
	if err != nil {
		return errors.Join(err, b.Close())
	}
	d.bolt = b
	return nil
}

// inspect opens the file for reading only and walks all of it: a newer schema is
// ErrNewer, anything that cannot be read is damage.
func inspect(path string, opts Options) error {
	_, err := guarded(func() (struct{}, error) {
		b, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: opts.LockTimeout, ReadOnly: true})
		if err != nil {
			return struct{}{}, err
		}
		defer b.Close()
		return struct{}{}, b.View(func(tx *bolt.Tx) error {
			if meta := tx.Bucket(metaBucket); meta != nil {
				if v := meta.Get(schemaKey); len(v) == 8 && binary.BigEndian.Uint64(v) > Schema {
					return fmt.Errorf("%w: its schema is %d, this one knows up to %d", ErrNewer, binary.BigEndian.Uint64(v), Schema)
				}
			}
			return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
				if b == nil {
					return &damage{fmt.Errorf("%q is no bucket", name)}
				}
				return b.ForEach(func(k, v []byte) error { return touch(k, v) })
			})
		})
	})
	return err
}

// touch reads every byte, so that a page beyond the file's end faults here.
func touch(parts ...[]byte) error {
	for _, p := range parts {
		crc32.ChecksumIEEE(p)
	}
	return nil
}

// Damaged is where a damaged file was put, empty if there was none. Callers
// rebuild what they kept in it.
func (d *DB) Damaged() string { return d.damaged }

// Path is where the file lies.
func (d *DB) Path() string { return d.path }

// Close closes the file. It may be called more than once.
func (d *DB) Close() error {
	d.closeOnce.Do(func() {
		if err := d.bolt.Close(); err != nil {
			d.closeErr = fmt.Errorf("close state file: %w", err)
		}
	})
	return d.closeErr
}
