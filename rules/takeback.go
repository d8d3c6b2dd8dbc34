package rules

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/rules/history"
)

const (
	// takeBackReach is how far behind the newest closed slot lost samples are looked
	// for, ms: what is damaged by a crash is what was written last.
	takeBackReach = 2 * hour
	// takeBackBefore is how far before that a first neighbour may lie, ms.
	takeBackBefore = 10 * 60 * 1000
)

// takeBack sees to it that no event is counted twice after raw samples were lost to
// damage on the disk: the increment to the first sample behind the damage reaches
// back over slots that the ledgers hold. What they counted there, less what the
// surviving samples come to, is carried as a negative rest, so that the stored
// counters stand still until it is made up for. A ledger of which no scrape is
// missing is left alone.
func (e *Engine) takeBack(ctx context.Context) error {
	survived, err := e.survivors(ctx)
	if err != nil {
		return err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, src := range e.sources {
		if src.step != 0 || src.closedAtStart == 0 {
			continue
		}
		src.mu.Lock()
		for _, l := range src.ledgers {
			if l.budget.obj.SLI.Slice.Length == 0 {
				l.takeBack(survived[l], src.closedAtStart, e)
			}
		}
		src.mu.Unlock()
	}
	return nil
}

func (l *ledger) takeBack(survived history.Sum, closed int64, e *Engine) {
	held, before := l.hist.At(closed), l.hist.At(closed-takeBackReach)
	if held.Observed-before.Observed <= survived.Observed {
		return
	}
	bad := max(0, held.Bad-before.Bad-survived.Bad)
	total := max(0, held.Total-before.Total-survived.Total)
	l.carry.bad -= bad
	l.carry.total -= total
	e.metrics.scrapesLost.Add(int(held.Observed - before.Observed - survived.Observed))
}

// survivors adds up, series by series, what the raw samples in the slots that takeBack
// looks at come to.
func (e *Engine) survivors(ctx context.Context) (map[*ledger]history.Sum, error) {
	oldest := int64(math.MaxInt64)
	for _, src := range e.sources {
		if src.closedAtStart != 0 {
			oldest = min(oldest, src.closedAtStart)
		}
	}
	survived := map[*ledger]history.Sum{}
	if oldest == math.MaxInt64 {
		return survived, nil
	}
	q, err := e.opts.Raw.Querier(oldest-takeBackReach-takeBackBefore, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("read what is left of raw samples: %w", err)
	}
	defer q.Close()
	set := q.Select(ctx, false, nil, e.index.Names())
	for set.Next() {
		if s := e.lookup(e.Bind(set.At().Labels(), true)); s != nil {
			s.survived(survived, set.At().Iterator(nil))
		}
	}
	if err := set.Err(); err != nil {
		return nil, fmt.Errorf("read what is left of raw samples: %w", err)
	}
	return survived, nil
}

func (s *series) survived(sums map[*ledger]history.Sum, it chunkenc.Iterator) {
	closed := s.src.closedAtStart
	var prev *count.Sample
	for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
		x := sampleAt(it, vt)
		switch {
		case x.T > closed:
			return
		case x.T <= closed-takeBackReach-takeBackBefore || x.Stale() || !x.Valid():
			continue
		case x.T > closed-takeBackReach:
			for _, b := range s.bound {
				sum := sums[b.led]
				if b.scrapes {
					sum.Observed++
				}
				if t := b.term; prev != nil {
					events := count.Events(t, prev, &x, s.cadence.Interval())
					sum.Bad += t.Bad * events
					sum.Total += t.Total * events
				}
				sums[b.led] = sum
			}
		}
		prev = &x
	}
}
