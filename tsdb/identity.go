package tsdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
)

// identity is what the labels of a series say: who it is, from which source, and
// which of its replicas sent it.
type identity struct {
	lset    labels.Labels
	source  *source
	replica string
}

// identify builds and checks the label set of an item whose label bytes are not
// known. It is the only place where one is built.
func (r *Receiver) identify(b *batch, it *item) (identity, error) {
	if err := r.collect(b, it); err != nil {
		return identity{}, err
	}
	ls := b.labels
	byName := func(x, y label) int { return strings.Compare(x.name, y.name) }
	if !slices.IsSortedFunc(ls, byName) {
		slices.SortStableFunc(ls, byName)
	}
	var id identity
	size, metric := 0, false
	for i, l := range ls {
		switch {
		case l.name == "":
			return id, errors.New("a label has no name")
		case !utf8.ValidString(l.name) || !utf8.ValidString(l.value):
			return id, fmt.Errorf("label %q is not valid UTF-8", l.name)
		case i > 0 && ls[i-1].name == l.name:
			return id, fmt.Errorf("label %q occurs twice", l.name)
		case l.name == labels.MetricName:
			metric = l.value != ""
		}
		size += len(l.name) + len(l.value) + 8
	}
	if !metric {
		return id, errors.New("label __name__ is missing")
	}
	// The TSDB's index and its WAL take copies.
	if err := b.lease.charge(3 * int64(size)); err != nil {
		return id, err
	}
	var err error
	if id.source, err = r.sourceOf(b); err != nil {
		return id, err
	}
	id.replica = string(b.joined(r.opts.ReplicaLabels))
	b.builder.Reset()
	for _, l := range ls {
		if l.value != "" && (id.replica == "" || !slices.Contains(r.opts.ReplicaLabels, l.name)) {
			b.builder.Add(l.name, l.value)
		}
	}
	id.lset = b.builder.Labels()
	return id, nil
}

// sourceOf is the source that the collected labels name: most often that of the
// series before.
func (r *Receiver) sourceOf(b *batch) (*source, error) {
	name := b.joined(r.opts.SourceLabels)
	if b.source != nil && b.source.name == string(name) {
		return b.source, nil
	}
	var err error
	b.source, err = r.source(string(name))
	return b.source, err
}

// joined puts the values of some of the collected labels together, with a slash
// between those that are not empty. It is overwritten by the next.
func (b *batch) joined(names []string) []byte {
	out := b.scratch[:0]
	for _, n := range names {
		i, found := slices.BinarySearchFunc(b.labels, n, func(l label, n string) int { return strings.Compare(l.name, n) })
		if !found || b.labels[i].value == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, '/')
		}
		out = append(out, b.labels[i].value...)
	}
	b.scratch = out
	return out
}

// errLimit marks labels that are too many or too long.
type errLimit struct{ text string }

func (e *errLimit) Error() string { return e.text }

// collect finds the item's labels in the body and checks their number and sizes.
func (r *Receiver) collect(b *batch, it *item) error {
	lim := &r.opts.Limits
	b.labels = b.labels[:0]
	n := int(it.refs)
	if b.v2 {
		n /= 2
	}
	if n > lim.Labels {
		return &errLimit{fmt.Sprintf("%d labels, the limit is %d", n, lim.Labels)}
	}
	if b.v2 {
		name, odd := "", false
		b.eachRef(it.stretch, func(ref uint64) bool {
			s := b.text(b.symbols[ref].stretch)
			if odd = !odd; odd {
				name = s
			} else {
				b.labels = append(b.labels, label{name, s})
			}
			return true
		})
	} else {
		ok := true
		b.eachField(it.stretch, 1, func(start, end int) bool {
			var l label
			l, ok = b.labelV1(start, end)
			b.labels = append(b.labels, l)
			return ok
		})
		if !ok {
			return errMalformed
		}
	}
	for _, l := range b.labels {
		switch {
		case len(l.name) > lim.Name:
			return &errLimit{fmt.Sprintf("a label name of %d bytes, the limit is %d", len(l.name), lim.Name)}
		case len(l.value) > lim.Value:
			return &errLimit{fmt.Sprintf("label %q has a value of %d bytes, the limit is %d", l.name, len(l.value), lim.Value)}
		}
	}
	return nil
}

// labelV1 decodes one Label message.
func (b *batch) labelV1(i, end int) (l label, ok bool) {
	body := b.body[:end]
	for i < end {
		tag, at := uvarint(body, i)
		if at < 0 {
			return l, false
		}
		switch tag {
		case 1<<3 | wireBytes, 2<<3 | wireBytes:
			s, e := span(body, at)
			if e < 0 {
				return l, false
			}
			if text := b.text(stretch{uint32(s), uint32(e)}); tag>>3 == 1 {
				l.name = text
			} else {
				l.value = text
			}
			i = e
		default:
			if i = skip(body, at, tag); i < 0 {
				return l, false
			}
		}
	}
	return l, true
}

// text is a stretch of the body as a string that lives as long as the body.
func (b *batch) text(s stretch) string {
	if s.off == s.end {
		return ""
	}
	return unsafe.String(&b.body[s.off], int(s.end-s.off))
}
