package tsdb

import (
	"errors"
	"slices"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// appendExemplars stores an item's exemplars. They are a help, not the data: what
// the TSDB does not take is counted, and fails a request only if it is all there is of
// the series. In 1.0 nothing can tell the sender, and upstream does not either.
func (w *writer) appendExemplars(it *item, s *series) {
	if s.ref == 0 {
		w.r.metrics.exemplarsDropped.Add(int(it.ex))
		if w.b.v2 && it.s0 == it.s1 && it.h0 == it.h1 {
			w.v.drop(reasonEmpty, 0, 0, func() string { return s.lset.String() + ": exemplars of a series that has no samples" })
		}
		return
	}
	es, bad := w.b.exemplarsOf(it, &w.r.opts.Limits)
	failed := 0
	if len(es) > 0 {
		if _, err := w.app.AppendExemplars(s.ref, s.lset, es); err != nil {
			var partial *storage.AppendPartialError
			if failed = len(es); errors.As(err, &partial) {
				failed = len(partial.ExemplarErrors)
			}
		}
		it.exSet = int32(len(w.b.exemplars))
		w.b.exemplars = append(w.b.exemplars, es)
	}
	w.exemplars += len(es) - failed
	w.r.metrics.exemplarsDropped.Add(bad + failed)
}

// exemplarsOf decodes an item's exemplars, oldest first, and counts those that are
// not right.
func (b *batch) exemplarsOf(it *item, lim *Limits) (es []exemplar.Exemplar, bad int) {
	field := uint64(3)
	if b.v2 {
		field = 4
	}
	sb := labels.NewScratchBuilder(2)
	b.eachField(it.stretch, field, func(start, end int) bool {
		if b.lease.charge(int64(1024+4*(end-start))) != nil {
			bad++
			return true
		}
		e, ok := b.exemplar(&sb, stretch{uint32(start), uint32(end)}, lim)
		if !ok {
			bad++
			return true
		}
		es = append(es, e)
		return true
	})
	slices.SortStableFunc(es, exemplar.Compare)
	return es, bad
}

// exemplar decodes one Exemplar message; the protocols differ in its labels.
func (b *batch) exemplar(sb *labels.ScratchBuilder, m stretch, lim *Limits) (e exemplar.Exemplar, ok bool) {
	sb.Reset()
	body := b.body[:m.end]
	n, name, odd := 0, "", false
	ref := func(ref uint64) bool {
		if ref >= uint64(len(b.symbols)) || n > lim.Labels {
			return false
		}
		text := b.text(b.symbols[ref].stretch)
		if len(text) > exemplar.ExemplarMaxLabelSetLength {
			return false
		}
		if odd = !odd; odd {
			name = text
		} else {
			sb.Add(name, text)
			n++
		}
		return true
	}
	for i := int(m.off); i < int(m.end); {
		tag, at := uvarint(body, i)
		if at < 0 {
			return e, false
		}
		switch {
		case tag == 1<<3|wireBytes && b.v2:
			s, end := span(body, at)
			for s >= 0 && s < end {
				var u uint64
				if u, s = uvarint(body[:end], s); s < 0 || !ref(u) {
					return e, false
				}
			}
			i = end
		case tag == 1<<3|wireVarint && b.v2:
			var u uint64
			if u, i = uvarint(body, at); i < 0 || !ref(u) {
				return e, false
			}
		case tag == 1<<3|wireBytes:
			s, end := span(body, at)
			if end < 0 {
				return e, false
			}
			l, ok := b.labelV1(s, end)
			if !ok || n >= lim.Labels || len(l.name)+len(l.value) > exemplar.ExemplarMaxLabelSetLength {
				return e, false
			}
			sb.Add(l.name, l.value)
			n++
			i = end
		case tag == 2<<3|wireFixed64:
			e.Value, i = fixed64(body, at)
		case tag == 3<<3|wireVarint:
			var u uint64
			u, i = uvarint(body, at)
			e.Ts, e.HasTs = int64(u), true
		default:
			i = skip(body, at, tag)
		}
		if i < 0 {
			return e, false
		}
	}
	sb.Sort()
	e.Labels = sb.Labels()
	_, twice := e.Labels.HasDuplicateLabelNames()
	return e, !odd && !twice
}
