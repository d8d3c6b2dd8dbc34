package query

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// Limits bound one evaluation of one text.
type Limits struct {
	// Timeout is in wall time; default 10 s.
	Timeout time.Duration
	// Samples is how many may be in memory at once; default 2 million, some 32 MiB.
	Samples int
}

// defaultStep is that of a subquery without one: how often Prometheus evaluates rules by
// default. The engine panics if it is not told.
const defaultStep = time.Minute

// Asker evaluates free queries. It may be used from several goroutines.
type Asker struct{ engine *promql.Engine }

// New returns an Asker.
func New(l Limits) *Asker {
	if l.Timeout == 0 {
		l.Timeout = 10 * time.Second
	}
	if l.Samples == 0 {
		l.Samples = 2_000_000
	}
	return &Asker{promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: l.Samples, Timeout: l.Timeout, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return defaultStep.Milliseconds() },
	})}
}

// Question is a query, the labels that tell its groups apart, and where and over
// which range that ends at TS, ms, it is asked.
type Question struct {
	Query *slo.Query
	By    []string
	Past  storage.Queryable
	Range time.Duration
	TS    int64
}

// Answer is what came back.
type Answer struct {
	// Shares are those of the groups that had a number, ordered by group.
	Shares []Share
	// Samples is how many were read, Took the wall time.
	Samples int64
	Took    time.Duration
	// Err says why there are no shares.
	Err error
}

// At answers a question.
func (a *Asker) At(ctx context.Context, q Question) Answer {
	start := time.Now()
	var ans Answer
	texts := q.Query.Over(q.Range)
	if texts.ErrorRatio != "" {
		var ratio promql.Vector
		if ratio, ans.Err = a.eval(ctx, q, texts.ErrorRatio, &ans); ans.Err == nil {
			ans.Shares = shares(q.By, ratio)
		}
	} else {
		var bad, total promql.Vector
		if total, ans.Err = a.eval(ctx, q, texts.Total, &ans); ans.Err == nil {
			if bad, ans.Err = a.eval(ctx, q, texts.Bad, &ans); ans.Err == nil {
				ans.Shares = shares(q.By, divide(bad, total))
			}
		}
	}
	ans.Took = time.Since(start)
	return ans
}

func (a *Asker) eval(ctx context.Context, q Question, text string, ans *Answer) (promql.Vector, error) {
	ask, err := a.engine.NewInstantQuery(ctx, q.Past, nil, text, time.UnixMilli(q.TS))
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", text, err)
	}
	defer ask.Close()
	res := ask.Exec(ctx)
	if s := ask.Stats(); s != nil && s.Samples != nil {
		ans.Samples += s.Samples.TotalSamples
	}
	if res.Err != nil {
		return nil, res.Err
	}
	// What Close gives back to the engine's pool must not be kept: shares copies.
	switch v := res.Value.(type) {
	case promql.Vector:
		return append(promql.Vector(nil), v...), nil
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}, nil
	}
	return nil, fmt.Errorf("%s yields a %s, not a vector", text, res.Value.Type())
}

// Cause is a failure's kind, for a metric's label: timeout, samples, canceled or
// error.
func Cause(err error) string {
	var timeout promql.ErrQueryTimeout
	var canceled promql.ErrQueryCanceled
	var samples promql.ErrTooManySamples
	switch {
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &samples):
		return "samples"
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "error"
}
