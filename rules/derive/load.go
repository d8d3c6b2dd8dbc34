package derive

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/slowburn/slowburn/slo"
)

// pad is how far before a span it is read, ms: the counter at the span's beginning
// is nearly always the row of that slot or of the one before.
const pad = 2 * 60_000

// load reads a batch of budgets from the ledger.
type load struct {
	ctx     context.Context
	ledger  storage.Queryable
	index   *index
	need    *need
	slot    int64
	entries map[int32][]*stream // the batch; streams are found while reading
	points  []int64             // of sparse spans, ascending
	first   map[int32]int64     // when budgets that are not older than all spans were first observed, ms
	hashBuf []byte
	room    *room // what is read
}

// stream is one ledger of a budget: one source and generation.
type stream struct {
	owner  int32
	gen    slo.Generation
	source string
	tracks [numKinds]*track
	// shared are the timestamps of the first track read of each span. All tracks of
	// a stream are written together, so the others rarely need their own.
	shared [][]int64
}

// track is one counter of a stream, by span.
type track struct {
	parts []part
	// bases are the counter at each span's beginning and origin the counter where
	// the generation begins.
	bases  []float64
	origin float64
	// before is when the sample of bases[0] was, ms; 0 if there is none.
	before int64
}

// read reads the spans, and then what they leave open.
func (l *load) read() error {
	l.addPoints()
	for i, s := range l.need.spans {
		if err := l.readSpan(i, s); err != nil {
			return err
		}
	}
	// A stream that wrote only between the spans counts in windows that reach over.
	gaps := make([]span, 0, len(l.need.spans))
	for i, s := range l.need.spans {
		switch {
		case i > 0 && s.lo > l.need.spans[i-1].hi+1:
			gaps = append(gaps, span{lo: l.need.spans[i-1].hi, hi: s.lo})
		case i == 0 && l.need.absolute:
			gaps = append(gaps, span{lo: math.MinInt64, hi: s.lo})
		}
	}
	for _, g := range gaps {
		hints := &storage.SelectHints{Start: g.lo, End: g.hi, Func: "series"}
		err := l.each(g.lo, g.hi, hints, func(st *stream, k kind, _ storage.Series) error {
			l.track(st, k)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := l.resolve(); err != nil {
		return err
	}
	return l.findFirst()
}

// addPoints notes the instants wanted of sparse spans that are no multiples of their
// grain: calendar boundaries, and where generations begin and end.
func (l *load) addPoints() {
	if !slices.ContainsFunc(l.need.spans, func(s span) bool { return s.grain > 0 }) {
		return
	}
	l.points = slices.Clone(l.need.points)
	for i := range l.entries {
		for _, g := range l.index.entries[i].Generations {
			l.points = append(l.points, g.From, g.To)
		}
	}
	slices.Sort(l.points)
	l.points = slices.Compact(l.points)
}

// readSpan reads the samples of the i-th span. Going from chunk to chunk takes a
// third of the time of upstream's merged sample iterators.
func (l *load) readSpan(i int, s span) error {
	if _, ok := l.ledger.(storage.ChunkQueryable); !ok {
		return l.each(s.lo-pad, s.hi, nil, func(st *stream, k kind, series storage.Series) error {
			p := l.newPart(st, k, i)
			if err := p.add(series.Iterator(nil), math.MaxInt64); err != nil {
				return err
			}
			p.done()
			return nil
		})
	}
	var reuse chunkenc.Iterator
	return l.eachChunked(s.lo-pad, s.hi, func(st *stream, k kind, it chunks.Iterator) error {
		p := l.newPart(st, k, i)
		if err := p.addChunks(l.ctx, it, &reuse); err != nil {
			return err
		}
		p.done()
		return nil
	})
}

// each calls fn for every ledger series of the batch that has samples from lo to hi
// and is in force at any time.
func (l *load) each(lo, hi int64, hints *storage.SelectHints, fn func(*stream, kind, storage.Series) error) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	q, err := l.ledger.Querier(lo, hi)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer q.Close()
	set := q.Select(l.ctx, false, hints, l.matchers()...)
	for set.Next() {
		series := set.At()
		st, k := l.stream(series.Labels())
		if st == nil {
			continue
		}
		if err := fn(st, k, series); err != nil {
			return err
		}
	}
	if err := set.Err(); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}

// eachChunked is each with the samples as chunks, the first and last of which may
// reach beyond lo and hi. The ledger must be a ChunkQueryable.
func (l *load) eachChunked(lo, hi int64, fn func(*stream, kind, chunks.Iterator) error) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	q, err := l.ledger.(storage.ChunkQueryable).ChunkQuerier(lo, hi)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer q.Close()
	hints := &storage.SelectHints{Start: lo, End: hi, DisableTrimming: true}
	set := q.Select(l.ctx, false, hints, l.matchers()...)
	var reuse chunks.Iterator
	for set.Next() {
		series := set.At()
		st, k := l.stream(series.Labels())
		if st == nil {
			continue
		}
		reuse = series.Iterator(reuse)
		if err := fn(st, k, reuse); err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
	}
	if err := set.Err(); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}

// stream returns the stream and counter a ledger series is, nil if not wanted.
func (l *load) stream(lset labels.Labels) (*stream, kind) {
	k := kind(slices.Index(storedNames[:], lset.Get(labels.MetricName)))
	if k >= numKinds || !l.need.kinds.has(k) {
		return nil, 0
	}
	var owner int32
	owner, l.hashBuf = l.index.owner(l.hashBuf, lset)
	streams, wanted := l.entries[owner]
	if !wanted {
		return nil, 0
	}
	gen, ok := l.index.entries[owner].generation(lset.Get(slo.LabelGeneration))
	if !ok || !l.matters(gen) {
		return nil, 0
	}
	source := lset.Get(slo.LabelSource)
	for _, st := range streams {
		if st.gen.ID == gen.ID && st.source == source {
			return st, k
		}
	}
	st := &stream{owner: owner, gen: gen, source: source, shared: make([][]int64, len(l.need.spans))}
	l.entries[owner] = append(streams, st)
	return st, k
}

// matters says whether a generation changes anything within the spans.
func (l *load) matters(g slo.Generation) bool {
	spans := l.need.spans
	return len(spans) > 0 && g.From < spans[len(spans)-1].hi && (l.need.absolute || g.To > spans[0].lo)
}

func (l *load) track(st *stream, k kind) *track {
	if st.tracks[k] == nil {
		st.tracks[k] = &track{parts: make([]part, len(l.need.spans)), bases: make([]float64, len(l.need.spans))}
	}
	return st.tracks[k]
}

// matchers select the wanted counters of the batch, and perhaps a little more.
func (l *load) matchers() []*labels.Matcher {
	names := make([]string, 0, numKinds)
	for k := range numKinds {
		if l.need.kinds.has(k) {
			names = append(names, storedNames[k])
		}
	}
	ms := []*labels.Matcher{anyOf(labels.MetricName, names)}
	if len(l.entries) == 1 {
		for i := range l.entries {
			ms = append(ms, exactly(&l.index.entries[i])...)
		}
		return ms
	}
	if 2*len(l.entries) > len(l.index.entries) {
		return ms // most of all: cheaper to read the rest than to name these
	}
	slos, services := map[string]struct{}{}, map[string]struct{}{}
	for i := range l.entries {
		slos[l.index.entries[i].Labels.Get(slo.LabelSLO)] = struct{}{}
		services[l.index.entries[i].Labels.Get(slo.LabelService)] = struct{}{}
	}
	return append(ms, anyOf(slo.LabelSLO, keys(slos)), anyOf(slo.LabelService, keys(services)))
}

// exactly selects one budget's series and, where it is a roll-up, not its groups'.
func exactly(e *entry) []*labels.Matcher {
	var ms []*labels.Matcher
	e.Labels.Range(func(lb labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, lb.Name, lb.Value))
	})
	for _, name := range e.Objective.SLI.By {
		if name = slo.GroupLabel(name); !e.Labels.Has(name) {
			ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, name, ""))
		}
	}
	return ms
}

// anyOf matches a label that has one of the values.
func anyOf(name string, values []string) *labels.Matcher {
	if len(values) == 1 {
		return labels.MustNewMatcher(labels.MatchEqual, name, values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, name, strings.Join(quoted, "|"))
}

func keys(set map[string]struct{}) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
