package tsdb

// decodeV1 decodes a prometheus.WriteRequest.
func (b *batch) decodeV1(lim *Limits) error {
	body := b.body
	for i := 0; i < len(body); {
		tag, at := uvarint(body, i)
		if at < 0 {
			return errMalformed
		}
		switch tag {
		case 1<<3 | wireBytes:
			start, end := span(body, at)
			if end < 0 {
				return errMalformed
			}
			if err := b.seriesV1(start, end, lim); err != nil {
				return err
			}
			i = end
		case 3<<3 | wireBytes:
			start, end := span(body, at)
			if end < 0 {
				return errMalformed
			}
			if len(b.meta)&1023 == 0 {
				if err := b.lease.charge(1024 * 32); err != nil {
					return err
				}
			}
			b.meta = push(b.meta, stretch{uint32(start), uint32(end)})
			i = end
		default:
			if i = skip(body, at, tag); i < 0 {
				return errMalformed
			}
		}
	}
	return nil
}

// seriesV1 decodes one TimeSeries. Its labels stand together in what everybody
// sends: their bytes are hashed in one go.
func (b *batch) seriesV1(start, end int, lim *Limits) error {
	it, err := b.addItem(start, end, lim)
	if err != nil {
		return err
	}
	it.s0, it.h0 = uint32(len(b.samples)), uint32(len(b.hists))
	body := b.body[:end]
	first, last, scattered := -1, -1, false
	for i := start; i < end; {
		switch tag := body[i]; tag {
		case 1<<3 | wireBytes:
			if first < 0 {
				first = i
			} else if last != i {
				scattered = true
			}
			if n := int(body[min(i+1, end-1)]); n < 0x80 && i+2+n <= end {
				i += 2 + n // span, by hand: half of a message is labels
			} else {
				_, i = span(body, i+1)
			}
			last = i
			it.refs++
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
			it.ex++
			_, i = span(body, i+1)
		case 4<<3 | wireBytes:
			s, e := span(body, i+1)
			if e < 0 {
				return errMalformed
			}
			if err := b.addHistogram(s, e); err != nil {
				return err
			}
			i = e
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
	it.s1, it.h1 = uint32(len(b.samples)), uint32(len(b.hists))
	switch {
	case first < 0:
		it.key = keyOf(nil)
	case scattered:
		it.key = b.scatteredKey(it)
	default:
		it.key = keyOf(body[first:last])
	}
	return nil
}

// scatteredKey hashes labels that other fields stand between.
func (b *batch) scatteredKey(it *item) key {
	b.scratch = b.scratch[:0]
	b.eachField(it.stretch, 1, func(s, e int) bool {
		b.scratch = append(b.scratch, 1<<3|wireBytes, byte(e-s), byte((e-s)>>8), byte((e-s)>>16))
		b.scratch = append(b.scratch, b.body[s:e]...)
		return true
	})
	return keyOf(b.scratch)
}

// eachField calls fn for each length-delimited field of that number in a message
// that has been walked before.
func (b *batch) eachField(m stretch, number uint64, fn func(start, end int) bool) {
	body := b.body[:m.end]
	for i := int(m.off); i < int(m.end); {
		tag, at := uvarint(body, i)
		if at < 0 {
			return
		}
		if tag == number<<3|wireBytes {
			start, end := span(body, at)
			if end < 0 || !fn(start, end) {
				return
			}
			i = end
			continue
		}
		if i = skip(body, at, tag); i < 0 {
			return
		}
	}
}
