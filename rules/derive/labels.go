package derive

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/slowburn/slowburn/slo"
)

// LabelValues returns the values of a label among the series that match. It does not
// ask whether they have data between mint and maxt, so that a dashboard's variables
// work for budgets without any.
func (q *querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := map[string]struct{}{}
	for _, f := range q.index.families {
		f.values(name, ms, values)
	}
	if err := q.storedValues(ctx, name, ms, values); err != nil {
		return nil, nil, err
	}
	if ams, ok := alertMatchers(ms); ok {
		ledger, err := q.open()
		if err != nil {
			return nil, nil, err
		}
		found, _, err := ledger.LabelValues(ctx, name, nil, ams...)
		if err != nil {
			return nil, nil, fmt.Errorf("read alerts: %w", err)
		}
		insert(values, found)
	}
	out, _ := hints.ApplyLimit(slices.Sorted(maps.Keys(values)))
	return out, nil, ctx.Err()
}

// LabelNames returns the label names of the series that match.
func (q *querier) LabelNames(ctx context.Context, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := map[string]struct{}{}
	for _, f := range q.index.families {
		f.names(ms, names)
	}
	if err := q.storedLabelNames(ctx, ms, names); err != nil {
		return nil, nil, err
	}
	if ams, ok := alertMatchers(ms); ok {
		ledger, err := q.open()
		if err != nil {
			return nil, nil, err
		}
		found, _, err := ledger.LabelNames(ctx, nil, ams...)
		if err != nil {
			return nil, nil, fmt.Errorf("read alerts: %w", err)
		}
		insert(names, found)
	}
	out, _ := hints.ApplyLimit(slices.Sorted(maps.Keys(names)))
	return out, nil, ctx.Err()
}

// values adds a label's values among the family's series that match.
func (f *family) values(name string, ms []*labels.Matcher, values map[string]struct{}) {
	match := f.match(ms)
	if match.none {
		return
	}
	shapes := map[*shape]struct{}{}
	f.find(match.base, func(i int32, base labels.Labels) bool {
		s := f.index.entries[i].shape
		variants := match.variants(s)
		if len(variants) == 0 {
			return true
		}
		if !isVariantLabel(f.id, name) {
			insert(values, []string{base.Get(name)})
			return true
		}
		if _, done := shapes[s]; done {
			return true
		}
		shapes[s] = struct{}{}
		for _, v := range variants {
			if name == labels.MetricName {
				insert(values, []string{v.name})
			} else if v.label.Name == name {
				insert(values, []string{v.label.Value})
			}
		}
		return true
	})
}

// names adds the label names of the family's series that match.
func (f *family) names(ms []*labels.Matcher, names map[string]struct{}) {
	match := f.match(ms)
	if match.none {
		return
	}
	f.find(match.base, func(i int32, base labels.Labels) bool {
		variants := match.variants(f.index.entries[i].shape)
		if len(variants) == 0 {
			return true
		}
		names[labels.MetricName] = struct{}{}
		base.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
		for _, v := range variants {
			if v.label.Name != "" {
				names[v.label.Name] = struct{}{}
			}
		}
		return true
	})
}

// storedValues adds a label's values among the stored counters that match. A query
// for all budgets asks the ledger's index rather than each of its series.
func (q *querier) storedValues(ctx context.Context, name string, ms []*labels.Matcher, values map[string]struct{}) error {
	wanted, base := matchStored(ms)
	if wanted == 0 || name == slo.LabelGeneration {
		return nil
	}
	if len(base) > 0 || name == slo.LabelSource || mentions(ms, slo.LabelSource) {
		return q.eachStored(ctx, wanted, base, ms, func(lset labels.Labels) { insert(values, []string{lset.Get(name)}) })
	}
	have, err := q.ledgerNames(ctx)
	if err != nil {
		return err
	}
	any := false
	for k, stored := range storedNames {
		if wanted.has(kind(k)) && slices.Contains(have, stored) {
			any = true
			if name == labels.MetricName {
				insert(values, []string{stored})
			}
		}
	}
	if any && name != labels.MetricName {
		q.index.families[identity].find(nil, func(_ int32, base labels.Labels) bool {
			insert(values, []string{base.Get(name)})
			return true
		})
	}
	return nil
}

// storedLabelNames adds the label names of the stored counters that match.
func (q *querier) storedLabelNames(ctx context.Context, ms []*labels.Matcher, names map[string]struct{}) error {
	wanted, base := matchStored(ms)
	if wanted == 0 {
		return nil
	}
	if len(base) == 0 && !mentions(ms, slo.LabelSource) {
		// Without several sources in all the ledger nobody has the label.
		ledger, err := q.open()
		if err != nil {
			return err
		}
		sources, _, err := ledger.LabelValues(ctx, slo.LabelSource, nil)
		if err != nil {
			return fmt.Errorf("list sources: %w", err)
		}
		if len(sources) == 0 {
			have, err := q.ledgerNames(ctx)
			if err != nil || len(have) == 0 {
				return err
			}
			q.index.families[identity].find(nil, func(_ int32, base labels.Labels) bool {
				names[labels.MetricName] = struct{}{}
				base.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
				return true
			})
			return nil
		}
	}
	return q.eachStored(ctx, wanted, base, ms, func(lset labels.Labels) {
		lset.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
	})
}

// eachStored calls fn with the labels of each stored counter that matches.
func (q *querier) eachStored(ctx context.Context, wanted kinds, base, ms []*labels.Matcher, fn func(labels.Labels)) error {
	found, err := q.stored(ctx, wanted, base)
	if err != nil {
		return err
	}
	for _, b := range found {
		q.storedLabels(b, func(_ kind, _ storedSource, lset labels.Labels) bool {
			if matchesAll(ms, lset) {
				fn(lset)
			}
			return true
		})
	}
	return nil
}

// ledgerNames are the stored counters that the ledger has at all.
func (q *querier) ledgerNames(ctx context.Context) ([]string, error) {
	ledger, err := q.open()
	if err != nil {
		return nil, err
	}
	have, _, err := ledger.LabelValues(ctx, labels.MetricName, nil)
	if err != nil {
		return nil, fmt.Errorf("list stored counters: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(have), func(name string) bool {
		return !slices.Contains(storedNames[:], name)
	}), nil
}

func mentions(ms []*labels.Matcher, name string) bool {
	return slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return m.Name == name })
}

func insert(set map[string]struct{}, values []string) {
	for _, v := range values {
		if v != "" {
			set[v] = struct{}{}
		}
	}
}
