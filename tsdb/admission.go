package tsdb

import (
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"sync/atomic"

	"github.com/klauspost/compress/snappy"
)

// Limits bound what requests may cost. Zero values are FAULTS.md's defaults.
type Limits struct {
	// Body and Decoded are the largest body before and after decompression, bytes:
	// 16 MiB, 32 MiB.
	Body, Decoded int64
	// Request is the memory one request may take in all, bytes: 64 MiB.
	Request int64
	// InFlight is the memory that all requests may take, bytes: the lesser of
	// 128 MiB and a quarter of the memory limit.
	InFlight int64
	// Labels is the number of labels of a series: 64. Name and Value are their
	// sizes, bytes: 1 KiB, 4 KiB.
	Labels, Name, Value int
	// Series is how many series one request may hold: 50,000.
	Series int
	// Sources is how many sources there may be: 1,000.
	Sources int
	// Cache is how many series' label bytes are remembered: 4 M.
	Cache int
}

func (l *Limits) fill() {
	l.Body = orDefault(l.Body, 16<<20)
	l.Decoded = orDefault(l.Decoded, 32<<20)
	l.InFlight = orDefault(l.InFlight, min(128<<20, debug.SetMemoryLimit(-1)/4))
	l.Request = min(orDefault(l.Request, 64<<20), l.InFlight)
	l.Labels = orDefault(l.Labels, 64)
	l.Name = orDefault(l.Name, 1<<10)
	l.Value = orDefault(l.Value, 4<<10)
	l.Series = orDefault(l.Series, 50_000)
	l.Sources = orDefault(l.Sources, 1000)
	l.Cache = orDefault(l.Cache, 4_000_000)
}

// gate hands out the memory of requests in flight.
type gate struct {
	used  atomic.Int64
	limit int64
}

func (g *gate) take(n int64) bool {
	if g.used.Add(n) > g.limit {
		g.used.Add(-n)
		return false
	}
	return true
}

// lease is the memory of one request. It takes from the gate in steps.
type lease struct {
	gate        *gate
	limit       int64
	used, taken int64
}

const leaseStep = 256 << 10

// charge accounts for n bytes before they are allocated.
func (l *lease) charge(n int64) error {
	l.used += n
	if l.used > l.limit {
		return errTooLarge
	}
	if l.used > l.taken {
		step := max(leaseStep, l.used-l.taken)
		step = min(step, l.limit-l.taken)
		if !l.gate.take(step) {
			return errBusy
		}
		l.taken += step
	}
	return nil
}

func (l *lease) free() { l.gate.used.Add(-l.taken) }

// read takes the body in, memory first, and decompresses it.
func (b *batch) read(r *http.Request, lim *Limits) error {
	if r.ContentLength > lim.Body {
		return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("body of %d bytes exceeds the limit of %d", r.ContentLength, lim.Body)}
	}
	if err := b.readBody(r.Body, r.ContentLength, lim.Body); err != nil {
		return err
	}
	n, err := snappy.DecodedLen(b.raw)
	if err != nil {
		return &refusal{http.StatusBadRequest, "snappy: " + err.Error()}
	}
	if int64(n) > lim.Decoded {
		return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("decoded size of %d bytes exceeds the limit of %d", n, lim.Decoded)}
	}
	// The smallest encoding of n bytes copies 64 at a time with three.
	if int64(n) > 64+int64(len(b.raw))*64 {
		return &refusal{http.StatusBadRequest, "snappy: the declared size is out of proportion"}
	}
	if err := b.lease.charge(int64(n)); err != nil {
		return err
	}
	if b.body, err = snappy.Decode(b.body[:cap(b.body)], b.raw); err != nil {
		return &refusal{http.StatusBadRequest, "snappy: " + err.Error()}
	}
	return nil
}

// readBody reads up to limit bytes, in steps when the length is not declared.
func (b *batch) readBody(r io.Reader, declared, limit int64) error {
	want := declared
	if want < 0 {
		want = 32 << 10
	}
	b.raw = b.raw[:0]
	for {
		// One byte more, to see the end without growing.
		if err := b.lease.charge(want + 1); err != nil {
			return err
		}
		if need := len(b.raw) + int(want) + 1; cap(b.raw) < need {
			grown := make([]byte, len(b.raw), need)
			copy(grown, b.raw)
			b.raw = grown
		}
		for len(b.raw) < cap(b.raw) {
			n, err := r.Read(b.raw[len(b.raw):cap(b.raw)])
			b.raw = b.raw[:len(b.raw)+n]
			if int64(len(b.raw)) > limit {
				return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("body exceeds the limit of %d bytes", limit)}
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return &refusal{http.StatusBadRequest, "read body: " + err.Error()}
			}
		}
		want = int64(len(b.raw)) // double
	}
}
