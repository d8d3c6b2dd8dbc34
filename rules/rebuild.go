package rules

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/slo"
)

// stretch is the event time that a generation's rows cover, ms.
type stretch struct{ first, last int64 }

// rebuildRecords makes the records of the objectives anew from the ledger, where the
// store has lost them all: what is counted there goes on being their budgets, and they
// are not taken for new. That their SLIs mean what they did cannot be known, and is
// assumed; so is that they had no other target. It says whether there was anything.
func (e *Engine) rebuildRecords(ctx context.Context, defs []*slo.Objective) (bool, error) {
	q, err := e.opts.Ledger.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return false, fmt.Errorf("read which generations the ledger holds: %w", err)
	}
	defer q.Close()
	found := map[string]map[string]stretch{} // by objective and generation
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, storedNames[0]))
	for set.Next() {
		lset, it := set.At().Labels(), set.At().Iterator(nil)
		if it.Next() == chunkenc.ValNone {
			continue
		}
		id, generation := lset.Get(slo.LabelService)+"/"+lset.Get(slo.LabelSLO), lset.Get(slo.LabelGeneration)
		if found[id] == nil {
			found[id] = map[string]stretch{}
		}
		s, known := found[id][generation]
		t, _ := it.At()
		if !known || t < s.first {
			s.first = t
		}
		if IsBackfilled(generation) { // of others the last row is not asked for
			for it.Next() != chunkenc.ValNone {
				t, _ = it.At()
			}
		}
		s.last = max(s.last, t)
		found[id][generation] = s
	}
	if err := set.Err(); err != nil {
		return false, fmt.Errorf("read which generations the ledger holds: %w", err)
	}
	for _, def := range defs {
		if r := rebuilt(def, found[def.ID()], e.slot); r != nil {
			e.known[def.ID()] = r
			e.records.setObjective(def.ID(), r)
		}
	}
	return len(found) > 0, nil
}

// rebuilt is the record of an objective of which the ledger holds these generations: the
// newest backfill up to its last row, then those of the live engine, by number, each from
// its first row on. nil if there is none.
func rebuilt(def *slo.Objective, found map[string]stretch, slot int64) *ObjectiveRecord {
	if len(found) == 0 {
		return nil
	}
	r := &ObjectiveRecord{Meaning: def.Meaning()}
	filled, live := 0, []int{}
	for id := range found {
		if n := BackfillNumber(id); n > 0 {
			filled = max(filled, n)
		} else if n, err := strconv.Atoi(id); err == nil {
			live = append(live, n)
		}
	}
	slices.Sort(live)
	from := int64(math.MinInt64)
	if filled > 0 {
		id := BackfilledGeneration(filled)
		from = found[id].last
		r.Generations = append(r.Generations, slo.Generation{ID: id, From: math.MinInt64, To: from})
	}
	for i, n := range live {
		first := found[strconv.Itoa(n)].first - slot
		if i > 0 || filled > 0 && first > from {
			from = max(from, first)
			r.Generations[len(r.Generations)-1].To = from
		}
		r.Generations = append(r.Generations, slo.Generation{ID: strconv.Itoa(n), From: from, To: forever})
		r.Since = first
	}
	if len(live) == 0 {
		r.begin(r.Meaning, from)
		r.Since = from
	}
	return r
}
