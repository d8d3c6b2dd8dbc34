package dated

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// Family is all series of one metric name.
type Family struct {
	Name string
	// Facts are its series as they stand.
	Facts func() []Fact
}

// Fact is one series.
type Fact struct {
	// Labels are without the metric name.
	Labels    labels.Labels
	Stretches []Stretch
}

// Stretch says that the series has the value from From on until before To, ms of event
// time. Stretches of a fact do not overlap.
type Stretch struct {
	From, To int64
	Value    float64
}

// View serves families as series. It may be used from any goroutine.
type View struct {
	families []Family
	slot     int64
	now      func() time.Time
}

var _ storage.SampleAndChunkQueryable = (*View)(nil)

// New returns a view whose series have a value at each slot's end, up to now.
func New(families []Family, slot time.Duration, now func() time.Time) *View {
	return &View{families: families, slot: slot.Milliseconds(), now: now}
}

// Querier reads event times mint to maxt, both in ms and included.
func (v *View) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{v, mint, min(maxt, v.now().UnixMilli())}, nil
}

// ChunkQuerier is Querier with the samples encoded.
func (v *View) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return &chunkQuerier{&querier{v, mint, min(maxt, v.now().UnixMilli())}}, nil
}

type querier struct {
	view       *View
	mint, maxt int64
}

// find returns the facts that match, with their names.
func (q *querier) find(ms []*labels.Matcher) []Fact {
	var out []Fact
	for _, f := range q.view.families {
		if !matches(ms, labels.FromStrings(labels.MetricName, f.Name), true) {
			continue
		}
		for _, fact := range f.Facts() {
			lb := labels.NewBuilder(fact.Labels)
			fact.Labels = lb.Set(labels.MetricName, f.Name).Labels()
			if matches(ms, fact.Labels, false) && fact.overlaps(q.mint, q.maxt) {
				out = append(out, fact)
			}
		}
	}
	return out
}

func (f *Fact) overlaps(mint, maxt int64) bool {
	return slices.ContainsFunc(f.Stretches, func(s Stretch) bool { return s.From <= maxt && s.To >= mint })
}

// matches says whether all matchers, or those of the name alone, hold.
func matches(ms []*labels.Matcher, lset labels.Labels, nameOnly bool) bool {
	for _, m := range ms {
		if (!nameOnly || m.Name == labels.MetricName) && !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	facts := q.find(ms)
	if sorted {
		slices.SortFunc(facts, func(a, b Fact) int { return labels.Compare(a.Labels, b.Labels) })
	}
	if hints != nil && hints.Limit > 0 && len(facts) > hints.Limit {
		facts = facts[:hints.Limit]
	}
	set := &seriesSet{at: -1}
	for _, f := range facts {
		slices.SortFunc(f.Stretches, func(a, b Stretch) int { return cmp.Compare(a.From, b.From) })
		set.all = append(set.all, &series{f, q.view.slot, mint, maxt})
	}
	return set
}

// LabelValues of the facts that match.
func (q *querier) LabelValues(_ context.Context, name string, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	set := map[string]struct{}{}
	for _, f := range q.find(ms) {
		if v := f.Labels.Get(name); v != "" {
			set[v] = struct{}{}
		}
	}
	out, _ := hints.ApplyLimit(slices.Sorted(maps.Keys(set)))
	return out, nil, nil
}

// LabelNames of the facts that match.
func (q *querier) LabelNames(_ context.Context, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	set := map[string]struct{}{}
	for _, f := range q.find(ms) {
		f.Labels.Range(func(l labels.Label) { set[l.Name] = struct{}{} })
	}
	out, _ := hints.ApplyLimit(slices.Sorted(maps.Keys(set)))
	return out, nil, nil
}

// Close has nothing to let go of.
func (*querier) Close() error { return nil }

type chunkQuerier struct{ *querier }

func (q *chunkQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	return storage.NewSeriesSetToChunkSet(q.querier.Select(ctx, sorted, hints, ms...))
}

type seriesSet struct {
	all []storage.Series
	at  int
}

func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.all) }
func (s *seriesSet) At() storage.Series              { return s.all[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

type series struct {
	fact       Fact
	slot       int64
	mint, maxt int64
}

func (s *series) Labels() labels.Labels { return s.fact.Labels }

func (s *series) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return &iterator{series: s, t: s.mint - 1}
}
