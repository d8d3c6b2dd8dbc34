package tsdb

import (
	"errors"
	"net/http"
)

// decodeV2 decodes an io.prometheus.write.v2.Request: the symbols first, each
// hashed once, then the series, whose references may stand before them.
func (b *batch) decodeV2(lim *Limits) error {
	body := b.body
	for i := 0; i < len(body); {
		switch body[i] { // a tag of one byte, as all that are known
		case 4<<3 | wireBytes:
			start, end := span(body, i+1)
			if end < 0 {
				return errMalformed
			}
			if len(b.symbols)&1023 == 0 {
				if err := b.lease.charge(1024 * chargeSymbol); err != nil {
					return err
				}
			}
			b.symbols = push(b.symbols, symbol{stretch{uint32(start), uint32(end)}, hashOf(body[start:end])})
			i = end
		case 5<<3 | wireBytes:
			start, end := span(body, i+1)
			if end < 0 {
				return errMalformed
			}
			if _, err := b.addItem(start, end, lim); err != nil {
				return err
			}
			i = end
		default:
			tag, at := uvarint(body, i)
			if at < 0 {
				return errMalformed
			}
			if i = skip(body, at, tag); i < 0 {
				return errMalformed
			}
		}
	}
	if len(b.items) > 0 && (len(b.symbols) == 0 || b.symbols[0].off != b.symbols[0].end) {
		return &refusal{http.StatusBadRequest, "the first symbol must be empty"}
	}
	for n := range b.items {
		if err := b.seriesV2(&b.items[n]); err != nil {
			return err
		}
	}
	return nil
}

var (
	errSymbolRef = errors.New("a label refers to no symbol")
	errOddRefs   = errors.New("a label has a name but no value")
	errEmpty     = errors.New("a series without samples, histograms or exemplars")
)

// seriesV2 decodes one TimeSeries.
func (b *batch) seriesV2(it *item) error {
	it.s0, it.h0 = uint32(len(b.samples)), uint32(len(b.hists))
	end := int(it.end)
	body := b.body[:end]
	var k join
	for i := int(it.off); i < end; {
		switch tag := body[i]; tag {
		case 1<<3 | wireBytes:
			s, e := span(body, i+1)
			if e < 0 {
				return errMalformed
			}
			if !b.joinRefs(&k, body[s:e], it) {
				return errMalformed
			}
			i = e
		case 1<<3 | wireVarint:
			var ref uint64
			ref, i = uvarint(body, i+1)
			b.joinRef(&k, ref, it)
		case 2<<3 | wireBytes:
			s, e := span(body, i+1)
			if e < 0 {
				return errMalformed
			}
			if err := b.addSample(s, e); err != nil {
				return err
			}
			i = e
		case 3<<3 | wireBytes:
			s, e := span(body, i+1)
			if e < 0 {
				return errMalformed
			}
			if err := b.addHistogram(s, e); err != nil {
				return err
			}
			i = e
		case 4<<3 | wireBytes:
			it.ex++
			_, i = span(body, i+1)
		default:
			u, at := uvarint(body, i)
			if at < 0 {
				return errMalformed
			}
			i = skip(body, at, u)
		}
		if i < 0 {
			return errMalformed
		}
	}
	it.key, it.refs = k.key(), uint32(k.n)
	it.s1, it.h1 = uint32(len(b.samples)), uint32(len(b.hists))
	switch {
	case it.bad != nil:
	case it.refs%2 != 0:
		it.refuse(reasonInvalidLabels, errOddRefs)
	case it.s0 == it.s1 && it.h0 == it.h1 && it.ex == 0: // Prometheus sends exemplars by themselves
		it.refuse(reasonEmpty, errEmpty)
	}
	return nil
}

func (it *item) refuse(why reason, err error) { it.reason, it.bad = why, err }

// joinRefs adds packed references to the key. It reads varints of up to two bytes
// itself: there are as many as labels, and few requests have 16,384 symbols.
func (b *batch) joinRefs(to *join, refs []byte, it *item) bool {
	k, symbols := *to, b.symbols
	for i := 0; i < len(refs); {
		ref := uint64(refs[i])
		if i++; ref >= 0x80 {
			if i < len(refs) && refs[i] < 0x80 {
				ref = ref&0x7f | uint64(refs[i])<<7
				i++
			} else if ref, i = uvarint(refs, i-1); i < 0 {
				return false
			}
		}
		if ref >= uint64(len(symbols)) {
			it.refuse(reasonInvalidLabels, errSymbolRef)
			return true
		}
		k = k.with(symbols[ref].hash)
	}
	*to = k
	return true
}

// joinRef adds one reference to the key.
func (b *batch) joinRef(k *join, ref uint64, it *item) {
	if ref >= uint64(len(b.symbols)) {
		it.refuse(reasonInvalidLabels, errSymbolRef)
		return
	}
	*k = k.with(b.symbols[ref].hash)
}

// eachRef calls fn for each label reference of a message that has been walked
// before.
func (b *batch) eachRef(m stretch, fn func(ref uint64) bool) {
	body := b.body[:m.end]
	for i := int(m.off); i < int(m.end); {
		tag, at := uvarint(body, i)
		if at < 0 {
			return
		}
		switch tag {
		case 1<<3 | wireBytes:
			s, e := span(body, at)
			for s >= 0 && s < e {
				var ref uint64
				if ref, s = uvarint(body[:e], s); s < 0 || !fn(ref) {
					return
				}
			}
			i = e
		case 1<<3 | wireVarint:
			var ref uint64
			if ref, i = uvarint(body, at); i < 0 || !fn(ref) {
				return
			}
		default:
			i = skip(body, at, tag)
		}
		if i < 0 {
			return
		}
	}
}
