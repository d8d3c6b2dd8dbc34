package derive

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// storedMetrics serve the ledger's own counters: what the generations in force
// counted, added up.
var storedMetrics = func() (out [numKinds]variant) {
	for k := range out {
		out[k] = variant{
			name: storedNames[k],
			metric: &metric{
				name:  storedNames[k],
				kinds: 1 << k,
				value: func(e *evaluation) (float64, bool) { return e.curve.counter(kind(k), e.i), true },
			},
		}
	}
	return out
}()

// selectStored adds the stored counters.
func (q *querier) selectStored(ctx context.Context, out *selection, ms []*labels.Matcher) error {
	wanted, base := matchStored(ms)
	if wanted == 0 || out.full() {
		return nil
	}
	found, err := q.stored(ctx, wanted, base)
	if err != nil {
		return err
	}
	for _, b := range found {
		var err error
		q.storedLabels(b, func(k kind, src storedSource, lset labels.Labels) bool {
			if !matchesAll(ms, lset) {
				return true
			}
			key := unitKey{entry: b.entry, absolute: true, split: b.split}
			if b.split {
				key.source = src.name
			}
			err = out.add(b.entry, &storedMetrics[k], lset, key)
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// storedLabels calls fn with each series of a budget's stored counters until it
// returns false. Without several sources, all are one series.
func (q *querier) storedLabels(b storedBudget, fn func(k kind, src storedSource, lset labels.Labels) bool) {
	lb := labels.NewBuilder(labels.EmptyLabels())
	for _, src := range b.sources {
		for k := range numKinds {
			if !src.kinds.has(k) {
				continue
			}
			lb.Reset(q.index.entries[b.entry].Labels)
			lb.Set(labels.MetricName, storedNames[k])
			if b.split {
				lb.Set(slo.LabelSource, src.name)
			}
			if !fn(k, src, lb.Labels()) {
				return
			}
		}
	}
}

// storedBudget is which counters the ledger holds of a budget.
type storedBudget struct {
	entry int32
	// split says that the budget has had several sources, so that they are told apart.
	split   bool
	sources []storedSource
}

type storedSource struct {
	name  string
	kinds kinds
}

// matchStored splits matchers into the counters wanted and what the identity labels
// must match.
func matchStored(ms []*labels.Matcher) (wanted kinds, base []*labels.Matcher) {
	for k, name := range storedNames {
		if nameMatches(ms, name) {
			wanted |= 1 << k
		}
	}
	for _, m := range ms {
		if m.Name != labels.MetricName && m.Name != slo.LabelSource {
			base = append(base, m)
		}
	}
	return wanted, base
}

func nameMatches(ms []*labels.Matcher, name string) bool {
	for _, m := range ms {
		if m.Name == labels.MetricName && !m.Matches(name) {
			return false
		}
	}
	return true
}

func matchesAll(ms []*labels.Matcher, lset labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// stored looks up which of the wanted counters the ledger holds, over all its time:
// whether a budget has had several sources must not depend on the query's range. It
// reads labels only.
func (q *querier) stored(ctx context.Context, wanted kinds, base []*labels.Matcher) ([]storedBudget, error) {
	l := &load{
		ctx: ctx, ledger: q.view.ledger, index: q.index, slot: q.view.slot,
		entries: map[int32][]*stream{},
		// The total tells the sources, wanted or not.
		need: &need{kinds: wanted | total, absolute: true, spans: allTime},
	}
	var order []int32
	q.index.families[identity].find(base, func(i int32, _ labels.Labels) bool {
		l.entries[i] = nil
		order = append(order, i)
		return true
	})
	if len(order) == 0 {
		return nil, nil
	}
	hints := &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64, Func: "series"}
	err := l.each(math.MinInt64, math.MaxInt64, hints, func(st *stream, k kind, _ storage.Series) error {
		l.track(st, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list stored counters: %w", err)
	}
	out := make([]storedBudget, 0, len(order))
	for _, i := range order {
		b := storedBudget{entry: i}
		for _, st := range l.entries[i] {
			k := slices.IndexFunc(b.sources, func(s storedSource) bool { return s.name == st.source })
			if k < 0 {
				k = len(b.sources)
				b.sources = append(b.sources, storedSource{name: st.source})
			}
			for c, tr := range st.tracks {
				if tr != nil && wanted.has(kind(c)) {
					b.sources[k].kinds |= 1 << c
				}
			}
		}
		if len(b.sources) > 1 {
			b.split = true
			slices.SortFunc(b.sources, func(a, b storedSource) int { return strings.Compare(a.name, b.name) })
		}
		if len(b.sources) > 0 {
			out = append(out, b)
		}
	}
	return out, nil
}
