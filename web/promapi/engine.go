package promapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// lookback is how old a sample may be and still be an instant's value.
const lookback = 5 * time.Minute

// subqueryStep is the step of a subquery that names none, as with Prometheus's
// default evaluation interval.
const subqueryStep = time.Minute

// engine is upstream's, less the queries that would take all their time without
// ever meeting its limit of samples: steps of a subquery that yield nothing are
// not counted there.
type engine struct {
	*promql.Engine
	parser  parser.Parser
	limit   int64
	metrics *apiMetrics
	atSteps func(context.Context, time.Duration) context.Context
}

func newEngine(o *Options, p parser.Parser, m *apiMetrics) *engine {
	return &engine{
		Engine: promql.NewEngine(promql.EngineOpts{
			Logger:                   o.Logger,
			Reg:                      o.Registerer,
			MaxSamples:               o.Limits.MaxSamples,
			Timeout:                  o.Limits.Timeout,
			LookbackDelta:            lookback,
			NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
			EnableAtModifier:         true,
			EnableNegativeOffset:     true,
			Parser:                   p,
		}),
		parser:  p,
		limit:   o.Limits.SubqueryPoints,
		metrics: m,
		atSteps: o.AtSteps,
	}
}

func (e *engine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	inSteps, err := e.check(qs, ts, ts, 0)
	if err != nil {
		return nil, err
	}
	return e.Engine.NewInstantQuery(ctx, e.stepped(q, opts, inSteps), opts, qs, ts)
}

func (e *engine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, interval time.Duration) (promql.Query, error) {
	inSteps, err := e.check(qs, start, end, interval)
	if err != nil {
		return nil, err
	}
	return e.Engine.NewRangeQuery(ctx, e.stepped(q, opts, inSteps), opts, qs, start, end, interval)
}

// check refuses monstrous text and subqueries. Any other error is left for the
// engine to find and word. inSteps says that the engine will look at instant vectors
// at the query's steps alone: there is no subquery, and the parser knows none of the
// experimental selectors that look elsewhere.
func (e *engine) check(qs string, start, end time.Time, step time.Duration) (inSteps bool, err error) {
	expr, err := e.parser.ParseExpr(qs)
	if err != nil {
		if errors.As(err, &errMonstrous{}) {
			e.metrics.refusedText.Inc()
			return false, err
		}
		return false, nil
	}
	// Ranges may be expressions, which this resolves.
	if expr, err = promql.PreprocessExpr(expr, start, end, step); err != nil {
		return false, nil
	}
	inSteps = true
	var monstrous error
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		s, ok := n.(*parser.SubqueryExpr)
		if !ok {
			return nil
		}
		inSteps = false
		every := s.Step
		if every == 0 {
			every = subqueryStep
		}
		if every > 0 && int64(s.Range/every) > e.limit {
			monstrous = errMonstrous{fmt.Sprintf("subquery [%s:%s] has more than %d steps", s.Range, every, e.limit)}
		}
		return nil
	})
	if monstrous != nil {
		e.metrics.refusedSubquery.Inc()
	}
	return inSteps, monstrous
}

// stepped is q, told where it will be looked at.
func (e *engine) stepped(q storage.Queryable, opts promql.QueryOpts, inSteps bool) storage.Queryable {
	if !inSteps || e.atSteps == nil {
		return q
	}
	back := lookback
	if opts != nil && opts.LookbackDelta() > 0 {
		back = opts.LookbackDelta()
	}
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		in, err := q.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return steppedQuerier{in, func(ctx context.Context) context.Context { return e.atSteps(ctx, back) }}, nil
	})
}

type steppedQuerier struct {
	storage.Querier
	atSteps func(context.Context) context.Context
}

func (q steppedQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return q.Querier.Select(q.atSteps(ctx), sorted, hints, ms...)
}
