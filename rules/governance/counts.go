package governance

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/slo"
)

// counters are the stored series of a budget, in the order of slo.Counts.
var counters = []string{"slo_bad_events_total", "slo_events_total", "slo_scrapes_observed_total", "slo_scrapes_expected_total"}

// looks are how far before an instant a counter's newest row is looked for: it usually
// lies near, but a source that is gone still counts what it counted.
var looks = []time.Duration{2 * time.Hour, 7 * 24 * time.Hour, math.MaxInt64}

// CountsOf reads the counts of roll-ups off a queryable that serves their counters, such
// as derive.View: late amounts are included.
func CountsOf(ledgers storage.Queryable, slot time.Duration) func(ctx context.Context, o *slo.Objective, from, to int64) (slo.Counts, error) {
	return func(ctx context.Context, o *slo.Objective, from, to int64) (c slo.Counts, err error) {
		if !o.SLI.Composite() {
			return countsOf(ctx, ledgers, o, from, to, slot)
		}
		c = slo.Compose(o.SLI.Members, func(i int) slo.Counts {
			part, failed := countsOf(ctx, ledgers, &slo.Objective{Service: o.SLI.Members[i].Service, Name: o.SLI.Members[i].Name}, from, to, slot)
			if failed != nil {
				err = failed
			}
			return part
		})
		return c, err
	}
}

// countsOf are the counts of one roll-up that has counters, in (from, to].
func countsOf(ctx context.Context, ledgers storage.Queryable, o *slo.Objective, from, to int64, slot time.Duration) (slo.Counts, error) {
	if to <= from {
		return slo.Counts{}, nil
	}
	a, known, err := countersAt(ctx, ledgers, o, from)
	if err != nil {
		return slo.Counts{}, err
	}
	b, _, err := countersAt(ctx, ledgers, o, to)
	if err != nil {
		return slo.Counts{}, err
	}
	c := b.Sub(a)
	if known {
		return c, nil
	}
	// Nothing was observed by then: find where the budget begins.
	w, err := walk(ctx, ledgers, o, from, to)
	if err != nil || w.first > to {
		return c, err
	}
	return c.Reaching(from, w.first-slot.Milliseconds(), to), nil
}

// countersAt are a roll-up's counters at t, those of their newest rows by then; known
// says that there are any.
func countersAt(ctx context.Context, ledgers storage.Queryable, o *slo.Objective, t int64) (c slo.Counts, known bool, err error) {
	for _, look := range looks {
		w, err := walk(ctx, ledgers, o, max(0, t-look.Milliseconds()), t)
		if err != nil {
			return c, false, err
		}
		if c, known = w.counts, w.found > 0; w.found == w.series {
			break
		}
	}
	return c, known, nil
}

// walked is what the rows of a stretch hold of a roll-up.
type walked struct {
	counts slo.Counts // newest values
	first  int64      // time of the first row, ms
	// series are those that there are at all, found those with a row in the stretch.
	series, found int
}

// walk reads the rows of a roll-up within [from, to].
func walk(ctx context.Context, ledgers storage.Queryable, o *slo.Objective, from, to int64) (walked, error) {
	w := walked{first: math.MaxInt64}
	q, err := ledgers.Querier(from, to)
	if err != nil {
		return w, fmt.Errorf("count %s: %w", o.ID(), err)
	}
	defer q.Close()
	sums := make([]float64, len(counters))
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to}, countersOf(o)...)
	var it chunkenc.Iterator
	for set.Next() {
		if !ofRollUp(set.At().Labels()) {
			continue
		}
		it = set.At().Iterator(it)
		newest, any := 0.0, false
		for it.Next() == chunkenc.ValFloat {
			if t, v := it.At(); !value.IsStaleNaN(v) {
				newest, any, w.first = v, true, min(w.first, t)
			}
		}
		if err := it.Err(); err != nil {
			return w, fmt.Errorf("count %s: %w", o.ID(), err)
		}
		w.series++
		if any {
			w.found++
		}
		sums[slices.Index(counters, set.At().Labels().Get(labels.MetricName))] += newest
	}
	if err := set.Err(); err != nil {
		return w, fmt.Errorf("count %s: %w", o.ID(), err)
	}
	w.counts = slo.Counts{Bad: sums[0], Total: sums[1], Observed: sums[2], Expected: sums[3]}
	return w, nil
}

// ofRollUp says whether a counter is a roll-up's: which labels make the groups of a
// composite's member is not known here.
func ofRollUp(lset labels.Labels) bool {
	identity := true
	lset.Range(func(l labels.Label) {
		switch l.Name {
		case labels.MetricName, slo.LabelService, slo.LabelSLO, slo.LabelSource:
		default:
			identity = false
		}
	})
	return identity
}

// countersOf selects the counters of an objective's roll-up, and not its groups'.
func countersOf(o *slo.Objective) []*labels.Matcher {
	ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, strings.Join(counters, "|"))}
	o.BudgetLabels(labels.EmptyLabels()).Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	for _, name := range o.SLI.By {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, slo.GroupLabel(name), ""))
	}
	return ms
}
