package rules

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/query"
	"github.com/slowburn/slowburn/slo"
)

// errRound is why a query was not asked: the others of its minute took all the time
// there is for a minute's queries.
var errRound = errors.New("the queries of this minute took too long together, this one was left out")

// askUntil asks free queries until ctx ends, whenever slots were closed. It has a
// goroutine of its own: closing and evaluating never wait for a query.
func (e *Engine) askUntil(ctx context.Context) {
	for {
		for e.Ask(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-e.due:
		}
	}
}

// Ask evaluates, for every source, the free queries of the first minute that its
// closed slots hold and that was not asked yet, and counts what they came to. asked is
// false if there was no such minute. Each minute of event time is asked once.
func (e *Engine) Ask(ctx context.Context) (asked bool) {
	e.asking.Lock()
	defer e.asking.Unlock()
	for _, r := range e.rounds() {
		answers := e.ask(ctx, r)
		if ctx.Err() != nil {
			return false // a minute half asked is asked again after the start
		}
		e.take(r, answers)
		asked = true
	}
	if asked {
		e.poke()
	}
	return asked
}

// round is one minute of one source.
type round struct {
	src     *source
	ts      int64
	queries []*freeQuery
	windows []time.Duration
	by      [][]string
	texts   []*slo.Query
}

// rounds are the minutes to ask now, at most one per source.
func (e *Engine) rounds() []round {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []round
	for _, src := range e.sources {
		if len(src.queries) == 0 {
			continue
		}
		if r := src.round(); len(r.queries) > 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b round) int { return strings.Compare(a.src.name, b.src.name) })
	return out
}

// round is the source's next minute; without queries if it is not over.
func (src *source) round() round {
	step := slo.QueryStep.Milliseconds()
	src.results.mu.Lock()
	last := src.results.newest
	src.results.mu.Unlock()
	src.mu.Lock()
	defer src.mu.Unlock()
	first := int64(forever)
	for _, q := range src.queries {
		first = min(first, q.from)
	}
	r := round{src: src, ts: max(last, first-first%step) + step}
	if last == 0 && first == 0 {
		r.ts = src.closed - src.closed%step
	}
	if src.closed == 0 || r.ts > src.closed {
		return r
	}
	for _, q := range src.queries {
		if q.from < r.ts {
			r.queries = append(r.queries, q)
		}
	}
	slices.SortFunc(r.queries, func(a, b *freeQuery) int { return strings.Compare(a.obj.ID(), b.obj.ID()) })
	// Should there be time for some only, it is others in each minute.
	if n := len(r.queries); n > 0 {
		k := int(r.ts/step) % n
		r.queries = append(slices.Clone(r.queries[k:]), r.queries[:k]...)
	}
	for _, q := range r.queries {
		r.windows, r.by, r.texts = append(r.windows, q.window()), append(r.by, q.obj.SLI.By), append(r.texts, q.obj.SLI.Query)
	}
	return r
}

// ask evaluates the queries of a round, on at most half of the processors.
func (e *Engine) ask(ctx context.Context, r round) []query.Answer {
	until := time.Time{}
	if e.opts.QueryRound > 0 {
		until = time.Now().Add(e.opts.QueryRound)
	}
	past := ofSource{e.opts.Past, r.src.name, e.opts.SourceLabels}
	answers := make([]query.Answer, len(r.queries))
	next := make(chan int)
	var asking sync.WaitGroup
	for range min(len(r.queries), max(1, runtime.GOMAXPROCS(0)/2)) {
		asking.Go(func() {
			for i := range next {
				if !until.IsZero() && time.Now().After(until) {
					answers[i].Err = errRound
					continue
				}
				answers[i] = e.asker.At(ctx, query.Question{Query: r.texts[i], By: r.by[i], Past: past, Range: r.windows[i], TS: r.ts})
			}
		})
	}
	for i := range r.queries {
		next <- i
	}
	close(next)
	asking.Wait()
	return answers
}

// take counts what a round came to.
func (e *Engine) take(r round, answers []query.Answer) {
	now := e.opts.Now().UnixMilli()
	e.mu.Lock()
	defer e.mu.Unlock()
	res := r.src.results
	res.mu.Lock()
	defer res.mu.Unlock()
	res.arrived, res.heard = now, true
	res.note(r.ts, e.slot)
	for i, q := range r.queries {
		a := &answers[i]
		e.metrics.asked.Inc()
		e.metrics.askedSamples.Add(int(a.Samples))
		e.metrics.askSeconds.Update(a.Took.Seconds())
		if r.src.queries[q.obj] != q {
			continue // a reload has put another in its place
		}
		q.last = slo.QueryStatus{TS: r.ts, Range: r.windows[i], Took: a.Took, Samples: a.Samples}
		if a.Err != nil {
			q.last.Err = a.Err.Error()
			cause := query.Cause(a.Err)
			if errors.Is(a.Err, errRound) {
				cause = "round"
			}
			e.metrics.askFailures[cause].Inc()
		}
		q.count(e, r.ts, a.Shares)
	}
}

// ofSource reads those series alone that belong to one source.
type ofSource struct {
	storage.Queryable
	name   string
	labels []string
}

func (o ofSource) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := o.Queryable.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return sourceQuerier{q, o}, nil
}

type sourceQuerier struct {
	storage.Querier
	of ofSource
}

func (q sourceQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return sourceSet{q.Querier.Select(ctx, sorted, hints, ms...), q.of}
}

type sourceSet struct {
	storage.SeriesSet
	of ofSource
}

func (s sourceSet) Next() bool {
	for s.SeriesSet.Next() {
		if sourceName(s.At().Labels(), s.of.labels) == s.of.name {
			return true
		}
	}
	return false
}
