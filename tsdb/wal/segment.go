package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/tsdb/record"
)

// The layout of a segment: pages of 32 KiB; in them fragments of records, each a
// type byte, a length and a checksum; a zero byte ends a page.
const (
	walPage   = 32 * 1024
	walHeader = 7

	fragmentFull, fragmentFirst, fragmentLast = 1, 2, 4

	compressedSnappy, compressedZstd = 1 << 3, 1 << 4

	maxWALRecord = 1 << 30
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errTorn    = errors.New("the last record is not complete")
)

// mendSegment walks a segment and gives up each fragment that cannot be read,
// and the others of its record.
func mendSegment(name string) ([]Damage, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	w := &walk{name: name, open: -1}
	page := make([]byte, walPage)
	for {
		n, err := io.ReadFull(f, page)
		if n > 0 {
			w.page(page[:n])
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return w.found, fmt.Errorf("read segment: %w", err)
		}
	}
	if w.open >= 0 {
		w.lose(w.open, w.base, errTorn)
	}
	if len(w.found) == 0 {
		return nil, nil
	}
	return w.found, overwrite(name, w.found, w.base)
}

// walk is the state of reading one segment.
type walk struct {
	name  string
	base  int64 // where the page begins
	open  int64 // where the record began that is not complete yet, else -1
	found []Damage

	rec, plain []byte
	dec        record.Decoder
}

// lose gives up [from, to) and the record that is open.
func (w *walk) lose(from, to int64, why error) {
	if w.open >= 0 {
		from = w.open
		w.open = -1
	}
	w.found = append(w.found, Damage{File: w.name, Offset: from, Bytes: to - from, Why: why.Error(), Torn: errors.Is(why, errTorn)})
}

// page checks the fragments of one page; only the last may be short.
func (w *walk) page(page []byte) {
	end := w.base + int64(len(page))
	defer func() { w.base = end }()
	for at := 0; at < len(page); {
		here, rest := w.base+int64(at), page[at:]
		typ := rest[0] & 7
		if typ == 0 {
			if why := padding(rest, at, w.open >= 0); why != nil {
				w.lose(here, end, why)
			}
			return
		}
		size := walHeader
		if len(rest) >= walHeader {
			size += int(binary.BigEndian.Uint16(rest[1:]))
		}
		switch {
		case at+size > walPage:
			w.lose(here, end, fmt.Errorf("a fragment of %d bytes reaches beyond its page", size))
			return
		case size > len(rest):
			w.lose(here, end, errTorn)
			return
		case crc32.Checksum(rest[walHeader:size], castagnoli) != binary.BigEndian.Uint32(rest[3:]):
			w.lose(here, here+int64(size), errors.New("the checksum does not match"))
		case typ > fragmentLast, typ > fragmentFirst && w.open < 0:
			w.lose(here, here+int64(size), errors.New("the beginning of the record is missing"))
		case typ <= fragmentFirst && w.open >= 0:
			// The checksum does not cover the type: either may be the bad one.
			w.lose(here, here+int64(size), errors.New("the rest of the record is missing"))
		default:
			w.fragment(typ, here, rest[:size])
		}
		at += size
	}
}

// fragment adds a sound fragment to its record, and checks the record if that
// completes it.
func (w *walk) fragment(typ byte, here int64, b []byte) {
	if typ <= fragmentFirst {
		w.rec = w.rec[:0]
	}
	w.rec = append(w.rec, b[walHeader:]...)
	switch typ {
	case fragmentFirst:
		w.open = here
		return
	case fragmentFull, fragmentLast:
		if !w.readable(b[0]) {
			w.lose(here, here+int64(len(b)), errors.New("the record cannot be decoded"))
		}
		w.open = -1
	}
}

// readable says whether the record is one: the bits that say so, and how it is
// compressed, lie outside the checksum.
func (w *walk) readable(header byte) bool {
	rec := w.rec
	switch header &^ 7 {
	case 0:
	case compressedSnappy:
		n, err := snappy.DecodedLen(rec)
		if err != nil || n > maxWALRecord {
			return false
		}
		if w.plain, err = snappy.Decode(w.plain[:cap(w.plain)], rec); err != nil {
			return false
		}
		rec = w.plain
	case compressedZstd:
		return true // not ours, but Prometheus can be told to write it
	default:
		return false
	}
	return len(rec) == 0 || rec[0] == 0 || w.dec.Type(rec) != record.Unknown
}

// padding checks a page from its first zero byte on, at at.
func padding(rest []byte, at int, open bool) error {
	switch {
	case at == 0:
		return errors.New("the page is blank")
	case open && len(rest) >= walHeader:
		return errors.New("a record breaks off inside the page")
	}
	for _, c := range rest {
		if c != 0 {
			return errors.New("a padded page holds data")
		}
	}
	return nil
}

// overwrite puts records that mean nothing where something was given up, or cuts
// it off if it is the end. Neither needs space, which a repair by copying would.
func overwrite(name string, found []Damage, size int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("mend segment: %w", err)
	}
	defer f.Close()
	for _, x := range found {
		if x.Offset+x.Bytes == size {
			err = f.Truncate(x.Offset)
		} else {
			_, err = f.WriteAt(filler(x.Offset, x.Bytes), x.Offset)
		}
		if err != nil {
			return fmt.Errorf("mend segment: %w", err)
		}
	}
	return f.Sync()
}

// filler is n bytes for the place at offset: in each page one full record of zeros,
// a type of record that is skipped, or padding if that does not fit.
func filler(offset, n int64) []byte {
	out := make([]byte, n)
	for at := int64(0); at < n; {
		part := min(n-at, walPage-(offset+at)%walPage)
		if part >= walHeader {
			p := out[at : at+part]
			p[0] = fragmentFull
			binary.BigEndian.PutUint16(p[1:], uint16(part-walHeader))
			binary.BigEndian.PutUint32(p[3:], crc32.Checksum(p[walHeader:], castagnoli))
		}
		at += part
	}
	return out
}
