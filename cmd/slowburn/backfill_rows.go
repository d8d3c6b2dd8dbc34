package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// filledRows takes the engine's rows into blocks.
type filledRows struct {
	journal    *backfillJournal
	generation string
	blocks     *replay.Blocks
	// base is where the counters stood when the backfill was stopped, by labels.
	base   map[string]float64
	series []*filledSeries // by ref − 1
	last   storage.SeriesRef
}

// filledSeries is one series of rows.
type filledSeries struct {
	keep    bool // it is a ledger's, not an alert's or a position's
	counter bool
	limit   int64
	source  string
	base    float64
	offset  float64 // what the engine counted again before the backfill goes on
}

func (f *filledRows) take(ctx context.Context, ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
	for int(ref) > len(f.series) {
		f.series = append(f.series, nil)
	}
	f.last = max(f.last, ref)
	s := f.series[ref-1]
	if s == nil {
		s = &filledSeries{
			keep:    lset.Get(slo.LabelGeneration) == f.generation,
			counter: strings.HasPrefix(lset.Get(labels.MetricName), "slo_"),
			limit:   f.journal.Limits[lset.Get(slo.LabelService)+"/"+lset.Get(slo.LabelSLO)],
			source:  lset.Get(slo.LabelSource),
			base:    f.base[lset.String()],
		}
		f.series[ref-1] = s
	}
	switch {
	case !s.keep || t > s.limit:
		return nil
	case t < f.journal.Done:
		s.offset = v
		return nil
	}
	f.journal.Newest[s.source] = max(f.journal.Newest[s.source], t)
	if s.counter {
		v += s.base - s.offset
	}
	return f.blocks.Append(ctx, ref, lset, t, v)
}

// position says of every source how far it is counted now, and that no raw sample is
// missing from that. Where slowburn itself has counted further, that holds.
func (f *filledRows) position(ctx context.Context, known *surveyed, walEnd int64) error {
	for source, t := range f.journal.Newest {
		v := float64(walEnd)
		if p := known.positions[source]; p.t == t {
			v = p.v
		}
		b := labels.NewBuilder(labels.FromStrings(labels.MetricName, rules.PositionSeries))
		f.last++
		if err := f.blocks.Append(ctx, f.last, b.Set(slo.LabelSource, source).Labels(), t, v); err != nil {
			return err
		}
	}
	return nil
}

// written notes a block that is in place.
func (f *filledRows) written(id string, until int64) error {
	f.journal.Blocks[f.generation] = append(f.journal.Blocks[f.generation], id)
	f.journal.Done = max(f.journal.Done, until)
	return f.journal.write()
}

// surveyed is what the ledger holds already.
type surveyed struct {
	first     map[string]int64 // end of the first slot slowburn itself counted, by objective ID, ms
	positions map[string]position
}

// position is the newest slot that a source closed, ms, and the place in the raw WAL
// that goes with it.
type position struct {
	t int64
	v float64
}

// survey reads what slowburn itself has counted: a backfill goes up to there.
func survey(ctx context.Context, ledger string, records map[string]rules.Record) (*surveyed, error) {
	known := &surveyed{first: map[string]int64{}, positions: map[string]position{}}
	err := eachStored(ctx, ledger, "slo_events_total", "", func(lset labels.Labels, it chunkenc.Iterator) {
		id, generation := lset.Get(slo.LabelService)+"/"+lset.Get(slo.LabelSLO), lset.Get(slo.LabelGeneration)
		if r := records["objective/"+id].Objective; r == nil || rules.IsBackfilled(generation) || it.Next() == chunkenc.ValNone {
			return
		}
		if t, ok := known.first[id]; !ok || it.AtT() < t {
			known.first[id] = it.AtT()
		}
	})
	if err != nil {
		return nil, err
	}
	return known, eachStored(ctx, ledger, rules.PositionSeries, "", func(lset labels.Labels, it chunkenc.Iterator) {
		for it.Next() != chunkenc.ValNone {
			t, v := it.At()
			known.positions[lset.Get(slo.LabelSource)] = position{t, v}
		}
	})
}

// limit is where the backfill of an objective ends: where slowburn began to count it,
// or, if it never did, where it will go on; ms.
func (k *surveyed) limit(id string, end int64, slot time.Duration) int64 {
	if first, ok := k.first[id]; ok {
		return min(end, first-slot.Milliseconds())
	}
	newest := int64(math.MinInt64)
	for _, p := range k.positions {
		newest = max(newest, p.t)
	}
	for _, p := range k.positions {
		// Sources that ended long ago hold nothing up.
		if newest-p.t < (24 * time.Hour).Milliseconds() {
			end = min(end, p.t)
		}
	}
	return end
}

// countersBefore reads where the counters of a generation stood before an instant.
func countersBefore(ctx context.Context, ledger, generation string, ts int64) (map[string]float64, error) {
	base := map[string]float64{}
	err := eachStored(ctx, ledger, "", generation, func(lset labels.Labels, it chunkenc.Iterator) {
		for it.Next() != chunkenc.ValNone {
			if t, v := it.At(); t < ts {
				base[lset.String()] = v
			}
		}
	})
	return base, err
}

// eachStored calls fn for the series of a ledger that is not open, of a name or a
// generation.
func eachStored(ctx context.Context, ledger, name, generation string, fn func(labels.Labels, chunkenc.Iterator)) error {
	if !isTSDB(ledger) {
		return nil
	}
	d, err := replay.OpenDir(ledger)
	if err != nil {
		return err
	}
	defer d.Close()
	q, err := d.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	m := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)
	if name == "" {
		m = labels.MustNewMatcher(labels.MatchEqual, slo.LabelGeneration, generation)
	}
	set := q.Select(ctx, false, nil, m)
	for set.Next() {
		it := set.At().Iterator(nil)
		fn(set.At().Labels(), it)
		if it.Err() != nil {
			return fmt.Errorf("read the ledger: %w", it.Err())
		}
	}
	if set.Err() != nil {
		return fmt.Errorf("read the ledger: %w", set.Err())
	}
	return nil
}
