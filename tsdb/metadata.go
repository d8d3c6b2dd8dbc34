package tsdb

import (
	"strings"
	"sync"

	"github.com/prometheus/common/model"
)

// MetricMetadata is what a sender said about a metric family.
type MetricMetadata struct {
	Type       model.MetricType
	Help, Unit string
}

// maxFamilies bounds the metadata kept.
const maxFamilies = 20_000

// metadataStore keeps what senders say about metric families, in memory only.
type metadataStore struct {
	mu       sync.RWMutex
	families map[string]MetricMetadata
}

// metricTypes are the protocols' numbers; both agree.
var metricTypes = [...]model.MetricType{
	model.MetricTypeUnknown, model.MetricTypeCounter, model.MetricTypeGauge, model.MetricTypeHistogram,
	model.MetricTypeGaugeHistogram, model.MetricTypeSummary, model.MetricTypeInfo, model.MetricTypeStateset,
}

// Metadata is what is known of metric families, by name. The map is a copy.
func (r *Receiver) Metadata() map[string]MetricMetadata {
	r.meta.mu.RLock()
	defer r.meta.mu.RUnlock()
	out := make(map[string]MetricMetadata, len(r.meta.families))
	for name, m := range r.meta.families {
		out[name] = m
	}
	return out
}

func (s *metadataStore) set(name string, m MetricMetadata) {
	if name == "" || m.Type == model.MetricTypeUnknown && m.Help == "" && m.Unit == "" {
		return
	}
	s.mu.RLock()
	have, known := s.families[name]
	full := len(s.families) >= maxFamilies
	s.mu.RUnlock()
	if have == m || full && !known || len(name)+len(m.Help)+len(m.Unit) > 4<<10 {
		return
	}
	m.Help, m.Unit = strings.Clone(m.Help), strings.Clone(m.Unit)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.families[strings.Clone(name)] = m
}

// take keeps the metadata messages of a 1.0 request.
func (s *metadataStore) take(b *batch) {
	for _, m := range b.meta {
		var (
			name string
			out  MetricMetadata
		)
		b.metadataFields(m, func(number uint64, text string, u uint64) {
			switch number {
			case 1:
				out.Type = metricType(u)
			case 2:
				name = text
			case 4:
				out.Help = text
			case 5:
				out.Unit = text
			}
		})
		s.set(name, out)
	}
}

// takeV2 keeps the metadata of a new series in a 2.0 request.
func (s *metadataStore) takeV2(b *batch, it *item, name string) {
	b.eachField(it.stretch, 5, func(start, end int) bool {
		var out MetricMetadata
		symbol := func(ref uint64) string {
			if ref >= uint64(len(b.symbols)) {
				return ""
			}
			return b.text(b.symbols[ref].stretch)
		}
		b.metadataFields(stretch{uint32(start), uint32(end)}, func(number uint64, _ string, u uint64) {
			switch number {
			case 1:
				out.Type = metricType(u)
			case 3:
				out.Help = symbol(u)
			case 4:
				out.Unit = symbol(u)
			}
		})
		s.set(family(name, out.Type), out)
		return true
	})
}

// family is the name of the metric family that a series of this name and type
// belongs to.
func family(name string, t model.MetricType) string {
	if t == model.MetricTypeHistogram || t == model.MetricTypeSummary || t == model.MetricTypeGaugeHistogram {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, is := strings.CutSuffix(name, suffix); is {
				return base
			}
		}
	}
	return name
}

func metricType(u uint64) model.MetricType {
	if u < uint64(len(metricTypes)) {
		return metricTypes[u]
	}
	return model.MetricTypeUnknown
}

// metadataFields calls fn for each field of a metadata message.
func (b *batch) metadataFields(m stretch, fn func(number uint64, text string, u uint64)) {
	body := b.body[:m.end]
	for i := int(m.off); i < int(m.end); {
		tag, at := uvarint(body, i)
		if at < 0 {
			return
		}
		switch tag & 7 {
		case wireBytes:
			s, e := span(body, at)
			if e < 0 {
				return
			}
			fn(tag>>3, b.text(stretch{uint32(s), uint32(e)}), 0)
			i = e
		case wireVarint:
			u, next := uvarint(body, at)
			fn(tag>>3, "", u)
			i = next
		default:
			i = skip(body, at, tag)
		}
		if i < 0 {
			return
		}
	}
}
