package tsdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
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

// The layout of a segment: pages of 32 KiB; in them fragments of records, each a
// type byte, a length and a checksum; a zero byte ends a page.
const (
	walPage   = 32 * 1024
	walHeader = 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// mendSegment walks a segment. A page is given up from its first bad fragment on,
// and so is the record that reached into it.
func mendSegment(name string) ([]Damage, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	var (
		found []Damage
		page  = make([]byte, walPage)
		start = int64(-1) // of the record that is not complete yet
		base  int64
	)
	for {
		n, err := io.ReadFull(f, page)
		if n == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return found, fmt.Errorf("read segment: %w", err)
		}
		last := n < walPage
		at, open, why := walkPage(page[:n], base, start)
		start = open
		if why != nil {
			from := base + int64(at)
			if open >= 0 {
				from = open
			}
			torn := last && errors.Is(why, errTorn)
			found = append(found, Damage{File: name, Offset: from, Bytes: base + int64(n) - from, Why: why.Error(), Torn: torn})
			start = -1
		}
		base += int64(n)
	}
	if start >= 0 {
		found = append(found, Damage{File: name, Offset: start, Bytes: base - start, Why: errTorn.Error(), Torn: true})
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found, blank(name, found, base)
}

var errTorn = errors.New("the last record is not complete")

// walkPage checks the fragments of one page. open is where a record began that
// the page does not end, -1 if none; why is what stopped it at at.
func walkPage(page []byte, base, open int64) (at int, stillOpen int64, why error) {
	for at = 0; at < len(page); {
		typ := page[at] & 7
		rest := page[at:]
		switch {
		case typ == 0 && at == 0:
			return at, open, errors.New("the page is blank")
		case typ == 0 && open >= 0 && len(rest) >= walHeader:
			return at, open, errors.New("a record breaks off inside the page")
		case typ == 0:
			for _, c := range rest {
				if c != 0 {
					return at, open, errors.New("a padded page holds data")
				}
			}
			return at, open, nil
		case len(rest) < walHeader:
			return at, open, errTorn
		}
		size := int(binary.BigEndian.Uint16(rest[1:]))
		switch {
		case at+walHeader+size > walPage:
			return at, open, fmt.Errorf("a fragment of %d bytes reaches beyond its page", size)
		case walHeader+size > len(rest):
			return at, open, errTorn
		case crc32.Checksum(rest[walHeader:walHeader+size], castagnoli) != binary.BigEndian.Uint32(rest[3:]):
			return at, open, errors.New("the checksum does not match")
		case typ > 4, (typ <= 2) != (open < 0):
			return at, open, fmt.Errorf("a fragment of type %d does not belong here", typ)
		}
		switch typ {
		case 2:
			open = base + int64(at)
		case 4:
			open = -1
		}
		at += walHeader + size
	}
	return at, open, nil
}

// blank overwrites what was given up with padding, or cuts it off if it is the end.
// Neither needs space, which a repair by copying would. A page without a record
// would count as damage again: such a page gets an empty one.
func blank(name string, found []Damage, size int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("mend segment: %w", err)
	}
	defer f.Close()
	for _, x := range found {
		if x.Offset+x.Bytes == size {
			err = f.Truncate(x.Offset)
		} else {
			zeros := make([]byte, x.Bytes)
			for at := -x.Offset & (walPage - 1); at < x.Bytes; at += walPage {
				zeros[at] = 1 // a full record of length 0, whose checksum is 0
			}
			_, err = f.WriteAt(zeros, x.Offset)
		}
		if err != nil {
			return fmt.Errorf("mend segment: %w", err)
		}
	}
	return f.Sync()
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
