package tsdb

import (
	"errors"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// batch is one decoded request. It is pooled: nothing of it may be kept, but for
// histograms and exemplars, which are made anew.
type batch struct {
	v2      bool
	raw     []byte // the compressed body
	body    []byte // the message
	items   []item
	samples []sample
	hists   []histSample
	symbols []symbol  // 2.0
	meta    []stretch // metadata messages of 1.0

	accepted  []accepted
	exemplars [][]exemplar.Exemplar
	tracked   []*series
	missing   []int32
	promote   []int32
	heads     []int32 // the first and the last item of each source
	tails     []int32
	sources   []*source
	labels    []label
	builder   labels.ScratchBuilder
	source    *source // of the label set built last
	scratch   []byte

	lease *lease
}

// item is one time series of the request.
type item struct {
	key     key
	replica uint8
	next    int32 // the next item of the same source, -1: none
	s       *series
	stretch        // its message in the body
	s0, s1  uint32 // samples
	h0, h1  uint32 // histograms
	refs    uint32 // labels, 2.0: references
	reason  reason // why it is refused, with bad
	bad     error  // what is wrong with it
	ex      uint32 // how many exemplars it carries
	exSet   int32  // which of batch.exemplars, -1: none
}

type stretch struct{ off, end uint32 }

// symbol is one of the strings that the labels of 2.0 refer to.
type symbol struct {
	stretch
	hash uint64
}

type sample struct {
	t, st int64
	v     float64
}

type histSample struct {
	t, st int64
	h     *histogram.Histogram
	fh    *histogram.FloatHistogram
}

// accepted is one sample for the sink: an index of samples, or of hists if hist is
// set. One that is stored already was not appended again.
type accepted struct {
	item   int32
	index  uint32
	hist   bool
	stored bool
}

// label is one label in the body; the strings live as long as it.
type label struct{ name, value string }

// Errors that refuse a whole request. errTooLarge is for good, errBusy for now.
var (
	errTooLarge = errors.New("request needs more memory than one may take")
	errBusy     = errors.New("too many bytes of requests in flight")
)

// What a batch is charged for its parts, bytes: twice their size, since slices
// grow by doubling.
const (
	chargeItem   = 256
	chargeSample = 96
	chargeSymbol = 64
)

// push appends by doubling.
func push[T any](s []T, x T) []T { return append(room(s), x) }

// room makes room for one more by doubling: append itself grows large slices by a
// quarter, and leaves four times as much garbage behind.
func room[T any](s []T) []T {
	if len(s) == cap(s) {
		s = slices.Grow(s, max(64, len(s)))
	}
	return s
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// maxPooled is the largest buffer, in bytes, that is kept for later requests.
const maxPooled = 4 << 20

// free gives the batch back.
func (b *batch) free() {
	clear(b.items)
	clear(b.hists)
	clear(b.tracked)
	clear(b.exemplars)
	clear(b.sources)
	clear(b.labels)
	if cap(b.raw) > maxPooled || cap(b.body) > maxPooled || cap(b.items)*chargeItem > 4*maxPooled ||
		cap(b.samples)*chargeSample > 4*maxPooled || cap(b.symbols)*chargeSymbol > maxPooled ||
		cap(b.scratch) > maxPooled || cap(b.hists)*48 > maxPooled {
		return
	}
	*b = batch{
		raw: b.raw[:0], body: b.body[:0], items: b.items[:0], samples: b.samples[:0], hists: b.hists[:0],
		symbols: b.symbols[:0], meta: b.meta[:0], accepted: b.accepted[:0], exemplars: b.exemplars[:0],
		tracked: b.tracked[:0], missing: b.missing[:0], promote: b.promote[:0], heads: b.heads[:0], tails: b.tails[:0], sources: b.sources[:0],
		labels: b.labels[:0], builder: b.builder, scratch: b.scratch[:0],
	}
	batches.Put(b)
}
