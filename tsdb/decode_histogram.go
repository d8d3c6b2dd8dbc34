package tsdb

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
)

// rawHistogram is a Histogram message while it is being decoded: integer and
// float ones differ in which fields they use.
type rawHistogram struct {
	isFloat          bool
	count, zero      uint64 // of an integer histogram
	fcount, fzero    float64
	sum, threshold   float64
	schema           int32
	hint             histogram.CounterResetHint
	negSpans, spans  []histogram.Span
	negDelta, delta  []int64
	negCount, counts []float64
	custom           []float64
}

// addHistogram decodes a Histogram message; those of both protocols agree. The
// histogram is made anew, since the TSDB keeps it.
func (b *batch) addHistogram(i, end int) error {
	body := b.body[:end]
	var (
		r rawHistogram
		x histSample
	)
	if err := b.lease.charge(1024); err != nil {
		return err
	}
	for i < end {
		tag, at := uvarint(body, i)
		if at < 0 {
			return errMalformed
		}
		var (
			u   uint64
			err error
		)
		i = at
		switch tag {
		case 1<<3 | wireVarint:
			r.count, i = uvarint(body, i)
		case 2<<3 | wireFixed64:
			r.isFloat = true
			r.fcount, i = fixed64(body, i)
		case 3<<3 | wireFixed64:
			r.sum, i = fixed64(body, i)
		case 4<<3 | wireVarint:
			u, i = uvarint(body, i)
			r.schema = int32(zigzag(u))
		case 5<<3 | wireFixed64:
			r.threshold, i = fixed64(body, i)
		case 6<<3 | wireVarint:
			r.zero, i = uvarint(body, i)
		case 7<<3 | wireFixed64:
			r.fzero, i = fixed64(body, i)
		case 8<<3 | wireBytes:
			r.negSpans, i, err = b.bucketSpan(r.negSpans, body, i)
		case 9<<3 | wireBytes, 9<<3 | wireVarint:
			r.negDelta, i, err = b.deltas(r.negDelta, body, i, tag)
		case 10<<3 | wireBytes, 10<<3 | wireFixed64:
			r.negCount, i, err = b.floats(r.negCount, body, i, tag)
		case 11<<3 | wireBytes:
			r.spans, i, err = b.bucketSpan(r.spans, body, i)
		case 12<<3 | wireBytes, 12<<3 | wireVarint:
			r.delta, i, err = b.deltas(r.delta, body, i, tag)
		case 13<<3 | wireBytes, 13<<3 | wireFixed64:
			r.counts, i, err = b.floats(r.counts, body, i, tag)
		case 14<<3 | wireVarint:
			u, i = uvarint(body, i)
			r.hint = histogram.CounterResetHint(u)
		case 15<<3 | wireVarint:
			u, i = uvarint(body, i)
			x.t = int64(u)
		case 16<<3 | wireBytes, 16<<3 | wireFixed64:
			r.custom, i, err = b.floats(r.custom, body, i, tag)
		case 17<<3 | wireVarint:
			u, i = uvarint(body, i)
			x.st = int64(u)
		default:
			i = skip(body, i, tag)
		}
		if err != nil {
			return err
		}
		if i < 0 {
			return errMalformed
		}
	}
	x.h, x.fh = r.build()
	b.hists = push(b.hists, x)
	return nil
}

func (r *rawHistogram) build() (*histogram.Histogram, *histogram.FloatHistogram) {
	if r.isFloat {
		return nil, &histogram.FloatHistogram{
			CounterResetHint: r.hint, Schema: r.schema, ZeroThreshold: r.threshold,
			ZeroCount: r.fzero, Count: r.fcount, Sum: r.sum,
			PositiveSpans: r.spans, PositiveBuckets: r.counts,
			NegativeSpans: r.negSpans, NegativeBuckets: r.negCount, CustomValues: r.custom,
		}
	}
	return &histogram.Histogram{
		CounterResetHint: r.hint, Schema: r.schema, ZeroThreshold: r.threshold,
		ZeroCount: r.zero, Count: r.count, Sum: r.sum,
		PositiveSpans: r.spans, PositiveBuckets: r.delta,
		NegativeSpans: r.negSpans, NegativeBuckets: r.negDelta, CustomValues: r.custom,
	}, nil
}

func (b *batch) bucketSpan(to []histogram.Span, body []byte, i int) ([]histogram.Span, int, error) {
	s, e := span(body, i)
	if e < 0 {
		return to, -1, nil
	}
	if err := b.lease.charge(32); err != nil {
		return to, -1, err
	}
	var x histogram.Span
	for s < e {
		tag, at := uvarint(body[:e], s)
		if at < 0 {
			return to, -1, nil
		}
		var u uint64
		switch tag {
		case 1<<3 | wireVarint:
			u, s = uvarint(body[:e], at)
			x.Offset = int32(zigzag(u))
		case 2<<3 | wireVarint:
			u, s = uvarint(body[:e], at)
			if u > math.MaxUint32 {
				return to, -1, nil
			}
			x.Length = uint32(u)
		default:
			s = skip(body[:e], at, tag)
		}
		if s < 0 {
			return to, -1, nil
		}
	}
	return push(to, x), e, nil
}

// deltas decodes a repeated sint64, packed or not. A packed one is counted before
// memory is taken for it.
func (b *batch) deltas(to []int64, body []byte, i int, tag uint64) ([]int64, int, error) {
	if tag&7 == wireVarint {
		u, i := uvarint(body, i)
		return append(to, zigzag(u)), i, b.lease.charge(24)
	}
	s, e := span(body, i)
	if e < 0 {
		return to, -1, nil
	}
	n := 0
	for _, c := range body[s:e] {
		if c < 0x80 {
			n++
		}
	}
	if err := b.lease.charge(int64(n) * 8); err != nil {
		return to, -1, err
	}
	if to == nil {
		to = make([]int64, 0, n)
	}
	for s < e {
		var u uint64
		if u, s = uvarint(body[:e], s); s < 0 {
			return to, -1, nil
		}
		to = append(to, zigzag(u))
	}
	return to, e, nil
}

// floats decodes a repeated double, packed or not.
func (b *batch) floats(to []float64, body []byte, i int, tag uint64) ([]float64, int, error) {
	if tag&7 == wireFixed64 {
		v, i := fixed64(body, i)
		return append(to, v), i, b.lease.charge(24)
	}
	s, e := span(body, i)
	if e < 0 || (e-s)%8 != 0 {
		return to, -1, nil
	}
	if err := b.lease.charge(int64(e - s)); err != nil {
		return to, -1, err
	}
	if to == nil {
		to = make([]float64, 0, (e-s)/8)
	}
	for s < e {
		var v float64
		v, s = fixed64(body, s)
		to = append(to, v)
	}
	return to, e, nil
}
