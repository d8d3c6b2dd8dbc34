package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	// batchSpan is how much event time one batch holds, ms. It divides every slot.
	batchSpan = 5_000
	// segmentSpan is how much event time is decoded at a time, ms: enough samples of
	// each series that going from one to the next costs nothing, and few enough that
	// a hundred thousand series fit into memory.
	segmentSpan = 30 * 60_000
)

// feed reads the past and deals it out to the lanes.
type feed struct {
	past      storage.Queryable
	opts      *Options
	selectors [][]*labels.Matcher
	prior     *prior

	series   []fedSeries
	byHash   map[uint64][]int32
	sources  []labels.Labels // some series of each
	bySource map[string]int32
	lanes    []*lane
	assign   func(labels.Labels) int
	samples  int64
}

// fedSeries is a series of the past, under its index.
type fedSeries struct {
	lset   labels.Labels
	source int32
	lane   int32 // −1: no objective reads it
	opened int64 // end of the span it was last opened in
}

// fed is one sample of the series with that index.
type fed struct {
	series int32
	sample
}

// segment is a stretch of event time, (start, end], for one lane.
type segment struct {
	start, end int64
	batches    [segmentSpan / batchSpan][]fed
	// series and sources are what the feed knew when it made the segment, by index.
	series  []fedSeries
	sources []labels.Labels
	// newest is each source's newest event time by batch; 0 without a sample. All
	// lanes share it; nil with one lane, which sees all of a source.
	newest [][]int64
}

func newFeed(past storage.Queryable, opts *Options) *feed {
	return &feed{
		past: past, opts: opts, selectors: Selectors(opts.Objectives),
		prior:  &prior{byHash: map[uint64][]priorSample{}},
		byHash: map[uint64][]int32{}, bySource: map[string]int32{},
	}
}

// lookBack finds the newest sample of every series before the start.
func (f *feed) lookBack(ctx context.Context) error {
	from := f.opts.Start - f.opts.Lookback.Milliseconds()
	return f.each(ctx, from, f.opts.Start, "", func(lset labels.Labels, it chunkenc.Iterator) error {
		found := false
		var last sample
		for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
			if it.AtT() > from && it.AtT() <= f.opts.Start {
				last, found = read(it, vt), true
			}
		}
		if found {
			f.prior.add(lset, last)
		}
		return it.Err()
	})
}

// each calls fn for every series with samples in (from, to], some more than once.
// fn gets a nil iterator if what is "series": only labels matter.
func (f *feed) each(ctx context.Context, from, to int64, what string, fn func(labels.Labels, chunkenc.Iterator) error) error {
	q, err := f.past.Querier(from+1, to)
	if err != nil {
		return fmt.Errorf("read the past from %s to %s: %w", stamp(from), stamp(to), err)
	}
	defer q.Close()
	return f.eachOf(ctx, q, from, to, what, fn)
}

func (f *feed) eachOf(ctx context.Context, q storage.Querier, from, to int64, what string, fn func(labels.Labels, chunkenc.Iterator) error) error {
	hints := &storage.SelectHints{Start: from + 1, End: to, Func: what, DisableTrimming: true}
	for _, ms := range f.selectors {
		ms, possible := f.withoutExternal(ms)
		if !possible {
			continue
		}
		set := q.Select(ctx, false, hints, ms...)
		for set.Next() {
			var it chunkenc.Iterator
			if what == "" {
				it = set.At().Iterator(nil)
			}
			if err := fn(f.withExternal(set.At().Labels()), it); err != nil {
				return fmt.Errorf("read %s from %s to %s: %w", selectorText(ms), stamp(from), stamp(to), err)
			}
		}
		if err := set.Err(); err != nil {
			return fmt.Errorf("read %s from %s to %s: %w", selectorText(ms), stamp(from), stamp(to), err)
		}
	}
	return ctx.Err()
}

// withExternal adds the external labels that the series lacks, and removes those of
// replicas.
func (f *feed) withExternal(lset labels.Labels) labels.Labels {
	if f.opts.External.IsEmpty() && len(f.opts.Replica) == 0 {
		return lset
	}
	b := labels.NewBuilder(lset)
	f.opts.External.Range(func(l labels.Label) {
		if !lset.Has(l.Name) {
			b.Set(l.Name, l.Value)
		}
	})
	b.Del(f.opts.Replica...)
	return b.Labels()
}

// withoutExternal leaves out matchers on external labels, which the stored series
// lack. possible is false if one of them does not match.
func (f *feed) withoutExternal(ms []*labels.Matcher) (out []*labels.Matcher, possible bool) {
	for _, m := range ms {
		if v := f.opts.External.Get(m.Name); v == "" {
			out = append(out, m)
		} else if !m.Matches(v) {
			return nil, false
		}
	}
	return out, true
}

// index finds or makes the index of a series.
func (f *feed) index(lset labels.Labels) int32 {
	h := lset.Hash()
	for _, i := range f.byHash[h] {
		if labels.Equal(f.series[i].lset, lset) {
			return i
		}
	}
	lset = lset.Copy()
	i := int32(len(f.series))
	f.series = append(f.series, fedSeries{lset: lset, lane: int32(f.assign(lset)), source: f.source(lset)})
	f.byHash[h] = append(f.byHash[h], i)
	return i
}

func (f *feed) source(lset labels.Labels) int32 {
	parts := make([]string, 0, len(f.opts.SourceLabels))
	for _, name := range f.opts.SourceLabels {
		parts = append(parts, lset.Get(name))
	}
	key := strings.Join(parts, "/")
	i, ok := f.bySource[key]
	if !ok {
		i = int32(len(f.sources))
		f.bySource[key] = i
		f.sources = append(f.sources, lset)
	}
	return i
}

// run deals out all of the past, span by span, and closes the lanes.
func (f *feed) run(ctx context.Context, lanes []*lane) error {
	defer func() {
		for _, l := range lanes {
			close(l.segments)
		}
	}()
	// Spans end on multiples of a segment, so that batches lie in one slot each.
	for from := f.opts.Start; from < f.opts.End; {
		to := from - mod(from, segmentSpan) + max(segmentSpan, f.opts.Span.Milliseconds()/segmentSpan*segmentSpan)
		to = min(to, f.opts.End)
		if err := f.span(ctx, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// open is a series that is being read.
type open struct {
	index int32
	it    chunkenc.Iterator
	vt    chunkenc.ValueType // of the sample it stands on
}

// span deals out (from, to].
func (f *feed) span(ctx context.Context, from, to int64) error {
	q, err := f.past.Querier(from+1, to)
	if err != nil {
		return fmt.Errorf("read the past from %s to %s: %w", stamp(from), stamp(to), err)
	}
	defer q.Close()
	var reading []open
	err = f.eachOf(ctx, q, from, to, "", func(lset labels.Labels, it chunkenc.Iterator) error {
		i := f.index(lset)
		s := &f.series[i]
		if s.lane < 0 || s.opened == to {
			return nil
		}
		s.opened = to
		vt := it.Next()
		for vt != chunkenc.ValNone && it.AtT() <= from {
			vt = it.Next()
		}
		reading = append(reading, open{i, it, vt})
		return it.Err()
	})
	if err != nil {
		return err
	}
	for from < to {
		end := min(from-mod(from, segmentSpan)+segmentSpan, to)
		if reading, err = f.segment(ctx, reading, from, end); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// segment decodes the samples in (from, to] and hands them to the lanes.
func (f *feed) segment(ctx context.Context, reading []open, from, to int64) ([]open, error) {
	segments := make([]*segment, len(f.lanes))
	for i, l := range f.lanes {
		select {
		case segments[i] = <-l.spare:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		segments[i].reset(from, to)
	}
	base := from - mod(from, segmentSpan)
	var newest [][]int64
	if len(f.lanes) > 1 && len(f.sources) > 0 {
		flat := make([]int64, segmentSpan/batchSpan*len(f.sources))
		newest = slices.Collect(slices.Chunk(flat, len(f.sources)))
	}
	for i := range reading {
		o := &reading[i]
		s := &f.series[o.index]
		seg := segments[s.lane]
		for o.vt != chunkenc.ValNone {
			t := o.it.AtT()
			if t > to {
				break
			}
			k := (t - base - 1) / batchSpan
			seg.batches[k] = append(seg.batches[k], fed{o.index, read(o.it, o.vt)})
			if newest != nil {
				newest[k][s.source] = max(newest[k][s.source], t)
			}
			f.samples++
			o.vt = o.it.Next()
		}
		if err := o.it.Err(); err != nil {
			return nil, fmt.Errorf("read %s from %s to %s: %w", s.lset, stamp(from), stamp(to), err)
		}
	}
	for i, l := range f.lanes {
		segments[i].series, segments[i].sources, segments[i].newest = f.series, f.sources, newest
		select {
		case l.segments <- segments[i]:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return slices.DeleteFunc(reading, func(o open) bool { return o.vt == chunkenc.ValNone }), nil
}

// arrives says whether the source of any lane got samples in a batch.
func (s *segment) arrives(k int) bool {
	if s.newest == nil {
		return len(s.batches[k]) > 0
	}
	return slices.Max(s.newest[k]) > 0
}

func (s *segment) reset(from, to int64) {
	s.start, s.end = from, to
	for k := range s.batches {
		s.batches[k] = s.batches[k][:0]
	}
}

// mod is the remainder of floored division: how far t lies behind a multiple of n.
func mod(t, n int64) int64 {
	r := t % n
	if r < 0 {
		r += n
	}
	return r
}
