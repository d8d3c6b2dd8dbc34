package formula

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// Budget is one budget by another tool's formula.
type Budget struct {
	// Labels are the result's own: the group.
	Labels labels.Labels
	// Ratio is the share of bad events in the window by the formula; NaN if it has none.
	Ratio float64
	// Slices are how many 5-minute ratios were averaged, NaN how many of them were no
	// numbers, and Mean the mean of the others. Only Sloth's formula has them.
	Slices, NaN int
	Mean        float64
	// Bad and Total are the formula's own counts of events, if it has such.
	Bad, Total float64
}

// Remaining is what is left of the budget, ratio.
func (b *Budget) Remaining(target float64) float64 { return remaining(b.Ratio, target) }

// Weighted is the share of bad events if each event weighed the same; NaN if the
// formula counts none.
func (b *Budget) Weighted() float64 { return b.Bad / b.Total }

func remaining(ratio, target float64) float64 { return 1 - ratio/(1-target) }

// Of evaluates the formula of the tool that an objective came from, over its first
// window or as much of it as lies between start and end, ms.
func Of(ctx context.Context, past storage.Queryable, o *slo.Objective, start, end int64) ([]Budget, error) {
	e := &evaluator{past: past, engine: newEngine()}
	defer e.engine.Close()
	start = max(start, o.Windows[0].Start(end, slo.DefaultSlot))
	if o.Format.Tool() == slo.ToolSloth {
		return e.sloth(ctx, o, start, end)
	}
	return e.increase(ctx, o, start, end)
}

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Hour, Parser: parser.NewParser(parser.Options{}),
		NoStepSubqueryIntervalFn: func(int64) int64 { return minute },
	})
}

// evaluator asks the past.
type evaluator struct {
	past   storage.Queryable
	engine *promql.Engine
}

// at evaluates a query at one instant.
func (e *evaluator) at(ctx context.Context, query string, ts int64) (promql.Vector, error) {
	q, err := e.engine.NewInstantQuery(ctx, e.past, nil, query, time.UnixMilli(ts))
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", query, err)
	}
	defer q.Close()
	v, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", query, err)
	}
	for i := range v {
		v[i].Metric = nameless(v[i].Metric)
	}
	return v, nil
}

// each evaluates a query each minute of (start, end], a day at a time, so that a
// month's ratios need not be held at once.
func (e *evaluator) each(ctx context.Context, query string, start, end int64, fn func(lset labels.Labels, v float64)) error {
	const day = 24 * time.Hour
	for from := start + minute; from <= end; from += day.Milliseconds() {
		to := min(end, from+day.Milliseconds()-minute)
		q, err := e.engine.NewRangeQuery(ctx, e.past, nil, query, time.UnixMilli(from), time.UnixMilli(to), time.Minute)
		if err != nil {
			return fmt.Errorf("evaluate %s: %w", query, err)
		}
		m, err := q.Exec(ctx).Matrix()
		if err != nil {
			q.Close()
			return fmt.Errorf("evaluate %s: %w", query, err)
		}
		for _, s := range m {
			lset := nameless(s.Metric)
			for _, p := range s.Floats {
				fn(lset, p.F)
			}
		}
		q.Close()
	}
	return nil
}

// minute is the interval at which Prometheus evaluates rules by default, and the step of
// subqueries that name none, ms.
const minute = 60_000

func nameless(lset labels.Labels) labels.Labels {
	return labels.NewBuilder(lset).Del(labels.MetricName).Labels().Copy()
}

// budgets are found by their labels.
type budgets struct {
	list []*Budget
	by   map[uint64]*Budget
}

func (b *budgets) of(lset labels.Labels) *Budget {
	if b.by == nil {
		b.by = map[uint64]*Budget{}
	}
	h := lset.Hash()
	if b.by[h] == nil {
		b.by[h] = &Budget{Labels: lset, Ratio: math.NaN(), Mean: math.NaN(), Bad: math.NaN(), Total: math.NaN()}
		b.list = append(b.list, b.by[h])
	}
	return b.by[h]
}

func (b *budgets) all() []Budget {
	out := make([]Budget, 0, len(b.list))
	for _, one := range b.list {
		out = append(out, *one)
	}
	return out
}
