package tsdb

import (
	"fmt"
	"net/http"
)

// decode turns the body into items, samples and histograms. Labels stay where
// they are: an item holds the hash of their bytes.
func (b *batch) decode(lim *Limits) error {
	if b.v2 {
		return b.decodeV2(lim)
	}
	return b.decodeV1(lim)
}

// addItem makes room for one series.
func (b *batch) addItem(start, end int, lim *Limits) (*item, error) {
	if len(b.items) >= lim.Series {
		return nil, &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d series in a request", lim.Series)}
	}
	if err := b.lease.charge(chargeItem); err != nil {
		return nil, err
	}
	// What lies behind the items is zero: new, or cleared by free.
	b.items = room(b.items)
	b.items = b.items[:len(b.items)+1]
	it := &b.items[len(b.items)-1]
	it.stretch, it.next, it.exSet = stretch{uint32(start), uint32(end)}, -1, -1
	return it, nil
}

// addSample decodes a Sample message; those of both protocols agree.
func (b *batch) addSample(i, end int) error {
	body := b.body[:end]
	var x sample
	for i < end {
		var u uint64
		switch tag := body[i]; tag {
		case 1<<3 | wireFixed64:
			x.v, i = fixed64(body, i+1)
		case 2<<3 | wireVarint:
			u, i = longUvarint(body, i+1)
			x.t = int64(u)
		case 3<<3 | wireVarint:
			u, i = uvarint(body, i+1)
			x.st = int64(u)
		default:
			if u, i = uvarint(body, i); i >= 0 {
				i = skip(body, i, u)
			}
		}
		if i < 0 {
			return errMalformed
		}
	}
	if len(b.samples)&1023 == 0 {
		if err := b.lease.charge(1024 * chargeSample); err != nil {
			return err
		}
	}
	b.samples = push(b.samples, x)
	return nil
}
