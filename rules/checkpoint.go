package rules

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// A checkpoint is the closed slots of all ledgers as memory holds them, in one file,
// so that a start need not read months of ledger rows. It is never the truth: a
// ledger is taken from it only if the ledger TSDB holds the very row the checkpoint
// ends with, and what comes after that row is read from there. A file that is
// missing, old or damaged costs a slower start and nothing else.
//
// Layout: magic, then per ledger its key, first and last data time, newest slot and history,
// key and history behind their length as a uvarint, then the CRC-32C of all before it.
const checkpointMagic = "slowburn checkpoint 5\n"

// CheckpointEvery is how often Run writes the checkpoint.
const CheckpointEvery = 10 * time.Minute

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoint is a checkpoint's ledgers by key.
type checkpoint map[string]checkpointed

type checkpointed struct {
	dataFirst int64 // the budget's first slot with data, ms
	lastData  int64 // the ledger's newest slot with data, ms
	end       int64 // the ledger's newest closed slot, ms
	history   []byte
}

// checkpointKey names a ledger: its budget, its source, and the generation it was
// counting in.
func (l *ledger) checkpointKey() string {
	return l.budget.key + "\x00" + l.src.name + "\x00" + l.budget.obj.record.current().ID
}

// WriteCheckpoint writes the checkpoint, if Options name a file for it. A crash in
// the middle leaves the old one.
func (e *Engine) WriteCheckpoint() error {
	if e.opts.Checkpoint == "" || !e.restored.Load() {
		return nil
	}
	tmp := e.opts.Checkpoint + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	sum := crc32.New(castagnoli)
	buf := bufio.NewWriterSize(f, 1<<20)
	err = e.encodeCheckpoint(io.MultiWriter(buf, sum))
	if err == nil {
		_, err = buf.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	}
	err = errors.Join(err, buf.Flush(), f.Close())
	if err == nil {
		err = os.Rename(tmp, e.opts.Checkpoint)
	}
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// encodeCheckpoint holds up evaluation, but neither ingest nor readers.
func (e *Engine) encodeCheckpoint(w io.Writer) error {
	e.tick.Lock()
	defer e.tick.Unlock()
	e.mu.RLock()
	var ledgers []*ledger
	for _, o := range e.ordered {
		for _, b := range o.budgets {
			ledgers = append(ledgers, b.ledgers...)
		}
	}
	e.mu.RUnlock()
	if _, err := io.WriteString(w, checkpointMagic); err != nil {
		return err
	}
	var p, encoded []byte
	for _, l := range ledgers {
		if l.hist.End() == 0 {
			continue
		}
		var err error
		if encoded, err = l.hist.AppendBinary(encoded[:0]); err != nil {
			return err
		}
		key := l.checkpointKey()
		p = append(binary.AppendUvarint(p[:0], uint64(len(key))), key...)
		p = binary.AppendVarint(p, l.budget.dataFirst)
		p = binary.AppendVarint(p, l.lastData)
		p = binary.AppendVarint(p, l.hist.End())
		p = binary.AppendUvarint(p, uint64(len(encoded)))
		if _, err := w.Write(append(p, encoded...)); err != nil {
			return err
		}
	}
	return nil
}

// readCheckpoint reads the file. Nothing that is wrong with it is an error to the
// caller: the ledger TSDB is read instead.
func (e *Engine) readCheckpoint() checkpoint {
	if e.opts.Checkpoint == "" {
		return nil
	}
	text, err := os.ReadFile(e.opts.Checkpoint)
	n := len(text) - 4
	if err != nil || n < len(checkpointMagic) || string(text[:len(checkpointMagic)]) != checkpointMagic ||
		crc32.Checksum(text[:n], castagnoli) != binary.LittleEndian.Uint32(text[n:]) {
		return nil
	}
	all := checkpoint{}
	for p := text[len(checkpointMagic):n]; len(p) > 0; {
		key, rest, ok := lengthed(p)
		first, k := binary.Varint(rest)
		if !ok || k <= 0 {
			return nil
		}
		last, m := binary.Varint(rest[k:])
		if m <= 0 {
			return nil
		}
		end, n := binary.Varint(rest[k+m:])
		if n <= 0 {
			return nil
		}
		h, rest, ok := lengthed(rest[k+m+n:])
		if !ok {
			return nil
		}
		all[string(key)] = checkpointed{first, last, end, h}
		p = rest
	}
	return all
}

// lengthed splits off what stands behind its length.
func lengthed(p []byte) (head, rest []byte, ok bool) {
	n, k := binary.Uvarint(p)
	if k <= 0 || n > uint64(len(p)-k) {
		return nil, nil, false
	}
	return p[k : k+int(n)], p[k+int(n):], true
}

// end is the newest time up to which every ledger still alive when the checkpoint
// was made was closed, ms: those that had ended an hour before are left out.
func (c checkpoint) end() int64 {
	newest, end := int64(0), int64(0)
	for _, s := range c {
		newest = max(newest, s.end)
	}
	end = newest
	for _, s := range c {
		if s.end > newest-hour {
			end = min(end, s.end)
		}
	}
	return end
}

// take gives the ledger its history from the checkpoint, if it is there and fits.
func (c checkpoint) take(l *ledger, slot time.Duration) bool {
	saved, ok := c[l.checkpointKey()]
	if !ok {
		return false
	}
	h := l.budget.obj.history(slot)
	if err := h.UnmarshalBinary(saved.history); err != nil {
		return false
	}
	l.hist, l.lastData = h, saved.lastData
	if b := l.budget; b.dataFirst == 0 || saved.dataFirst < b.dataFirst {
		b.dataFirst = saved.dataFirst
	}
	return true
}
