package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/slo"
)

// resultsSuffix ends the name of the source of what a source's free queries come to:
// its ledgers are closed by their own progress, however long queries take.
const resultsSuffix = " (promql)"

// freeQuery is an objective's free query over one source. The engine's lock guards
// it; intervals is guarded by the lock of the source read.
type freeQuery struct {
	obj *objective
	src *source // whose raw samples it reads
	// from is the event time after which it is asked, ms.
	from int64
	// intervals counts the series read by their scrape interval, ms.
	intervals map[int64]int
	// results are the series of its results, by group.
	results map[string]*series
	last    slo.QueryStatus
}

// queryOf finds or makes the objective's query over a source.
func (e *Engine) queryOf(o *objective, src *source) *freeQuery {
	q := src.queries[o]
	if q == nil {
		q = &freeQuery{obj: o, src: src, intervals: map[int64]int{}, results: map[string]*series{}}
		if e.restored.Load() {
			q.from = src.closed
		}
		src.queries[o] = q
		if src.results == nil {
			src.results = e.sourceNamed(src.name + resultsSuffix)
		}
	}
	return q
}

// tell lets the queries that read the series know its scrape interval, ms; 0 is none.
func (s *series) tell(interval int64) {
	if len(s.reads) == 0 || interval == s.told {
		return
	}
	for _, q := range s.reads {
		if q.intervals[s.told]--; q.intervals[s.told] <= 0 {
			delete(q.intervals, s.told)
		}
		if interval != 0 {
			q.intervals[interval]++
		}
	}
	s.told = interval
}

// untell forgets the intervals: all series are about to be bound anew.
func (e *Engine) untell() {
	for _, src := range e.sources {
		for _, q := range src.queries {
			clear(q.intervals)
		}
	}
}

// window is the range the query is asked over.
func (q *freeQuery) window() time.Duration {
	longest := int64(0)
	for interval := range q.intervals {
		longest = max(longest, interval)
	}
	return slo.QueryRange((time.Duration(longest) * time.Millisecond).Truncate(time.Second))
}

// forgetQueries ends what the objective's query counted: it is gone, or asks
// something else now. The caller holds the locks of all sources.
func (e *Engine) forgetQueries(o *objective) {
	for _, src := range e.sources {
		if q := src.queries[o]; q != nil {
			for key := range q.results {
				q.end(key, e.slot)
			}
			delete(src.queries, o)
		}
	}
}

// result finds or makes the series of a group's results. The caller holds the lock of
// the source of results.
func (q *freeQuery) result(e *Engine, groups labels.Labels) *series {
	key := groups.String()
	if s := q.results[key]; s != nil {
		return s
	}
	s := &series{lset: groups, src: q.src.results, rate: e.slot * 1_000_000 / slo.QueryStep.Milliseconds()}
	s.cadence.Observe(slo.QueryStep.Milliseconds())
	budgets, n := e.budgetsOf(q.obj, groups)
	for _, b := range budgets[:n] {
		l := b.ledger(e, s.src)
		l.series++
		b.hasTotal.Store(true)
		terms := q.obj.SLI.Counted()
		for i := range terms {
			s.bound = append(s.bound, bound{led: l, term: &terms[i], place: int32(i), scrapes: terms[i].Total != 0})
		}
	}
	q.results[key] = s
	return s
}

// end stops expecting results for a group.
func (q *freeQuery) end(key string, slot int64) {
	s := q.results[key]
	s.stop(s.src.newest, slot)
	for _, b := range s.bound {
		if b.scrapes {
			b.led.series--
		}
	}
	delete(q.results, key)
}

// count takes the shares of the slice that ends at ts. Groups without one are still
// expected for an hour.
func (q *freeQuery) count(e *Engine, ts int64, shares []query.Share) {
	for _, share := range shares {
		s := q.result(e, share.Groups)
		x := count.Sample{T: ts, V: share.Ratio}
		for i := range s.bound {
			b := &s.bound[i]
			b.add(ts, count.Events(b.term, nil, &x, 0), e.slot)
		}
		s.scraped(&x, e.slot)
		s.recent.Insert(x)
	}
	for key, s := range q.results {
		if s.recent.Last().T < ts-hour {
			q.end(key, e.slot)
		}
	}
}

// resumeQueries lets the groups that had results until the process ended be expected
// again: nothing but the ledger tells of them.
func (e *Engine) resumeQueries() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, res := range e.sources {
		if res.step == 0 {
			continue
		}
		src := e.sourceNamed(strings.TrimSuffix(res.name, resultsSuffix))
		res.mu.Lock()
		for _, l := range slices.Clone(res.ledgers) {
			b := l.budget
			leaf := len(b.obj.SLI.By) == 0 || b != b.obj.rollUp && !b.overflow()
			if b.obj.SLI.Query == nil || !leaf || l.lastData <= res.closed-hour {
				continue
			}
			s := e.queryOf(b.obj, src).result(e, b.groups)
			s.live = true
			s.recent.Insert(count.Sample{T: l.lastData})
			s.settle(e.slot)
		}
		res.mu.Unlock()
	}
}

// queryStatus is the newest evaluation of an objective's query, over whichever source.
func (e *Engine) queryStatus(o *objective) *slo.QueryStatus {
	if o.SLI.Query == nil {
		return nil
	}
	var newest slo.QueryStatus
	for _, src := range e.sources {
		if q := src.queries[o]; q != nil && cmp.Compare(q.last.TS, newest.TS) >= 0 {
			newest = q.last
		}
	}
	return &newest
}
