package derive_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/derive"
)

// stepped tells the view that it is read in steps, as web/promapi does.
type stepped struct {
	storage.Queryable
	lookback time.Duration
}

func (q stepped) Querier(mint, maxt int64) (storage.Querier, error) {
	in, err := q.Queryable.Querier(mint, maxt)
	return steppedQuerier{in, q.lookback}, err
}

type steppedQuerier struct {
	storage.Querier
	lookback time.Duration
}

func (q steppedQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return q.Querier.Select(derive.AtSteps(ctx, q.lookback), sorted, hints, ms...)
}

// TestStepsSeeTheSame draws ledgers, queries, steps and lookbacks, and compares what
// PromQL makes of every sample with what it makes of those it is given when it is known
// where it looks.
func TestStepsSeeTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		b := w.budgets[0]
		last := ledgerRows{budget: b, source: "c/0", generation: b.Generations[len(b.Generations)-1].ID}
		for ts := w.now - w.now%slotMs - 12*slotMs; ts < w.now; ts += slotMs {
			if rapid.Bool().Draw(t, "row of late") {
				last.rows = append(last.rows, row{ts: ts, observed: 1, expected: 1, total: 2, bad: 1})
			}
		}
		w.ledgers = append(w.ledgers, last)
		v := w.view(t)
		lookback := time.Duration(rapid.Int64Range(1, 1200).Draw(t, "lookback")) * time.Second
		engine := promql.NewEngine(promql.EngineOpts{
			MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: lookback,
			EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{}),
		})
		for range 4 {
			at := fmt.Sprintf("%d.%03d", (w.start+slotMs*rapid.Int64Range(0, w.slots).Draw(t, "at"))/1000, rapid.IntRange(0, 999).Draw(t, "at ms"))
			query := fmt.Sprintf(rapid.SampledFrom([]string{
				`{__name__=~"slo_.+"}%.0s`, `slo_error_ratio%.0s`, `slo_budget_state == 1%.0s`, `slo_events_total offset 7m%.0s`,
				`slo_burn_rate offset -3m%.0s`, `slo_burn_rate @ %s`, `timestamp(slo_error_ratio)%.0s`, `timestamp(slo_error_ratio @ %s)`,
				`count by (state) (slo_budget_state == 1)%.0s`, `increase(slo_events_total[10m]) / slo_events_total%.0s`,
				`max_over_time(slo_burn_rate[7m]) - slo_burn_rate @ start()%.0s`, `absent(slo_error_ratio{window="5m"})%.0s`,
				`slo_error_budget_remaining_ratio < 0.5 or slo_error_ratio @ %s offset 90s`,
			}).Draw(t, "query"), at)
			start := w.start + rapid.Int64Range(-1_000_000, w.slots*slotMs).Draw(t, "start")
			if rapid.Bool().Draw(t, "near the end") {
				start = w.now - rapid.Int64Range(0, 500_000).Draw(t, "before now")
			}
			step := time.Duration(rapid.Int64Range(1, 4_000_000).Draw(t, "step")) * time.Millisecond
			end := start + step.Milliseconds()*rapid.Int64Range(0, 200).Draw(t, "steps")
			instant := rapid.Bool().Draw(t, "instant")
			ask := func(q storage.Queryable) string {
				var asked promql.Query
				var err error
				if instant {
					asked, err = engine.NewInstantQuery(context.Background(), q, nil, query, time.UnixMilli(start))
				} else {
					asked, err = engine.NewRangeQuery(context.Background(), q, nil, query, time.UnixMilli(start), time.UnixMilli(end), step)
				}
				if err != nil {
					t.Fatal(err)
				}
				defer asked.Close()
				res := asked.Exec(context.Background())
				if res.Err != nil {
					t.Fatalf("%s: %v", query, res.Err)
				}
				return res.String()
			}
			want, have := ask(v), ask(stepped{v, lookback})
			if want != have {
				t.Fatalf("%s from %d to %d by %s, lookback %s (-every sample +steps):\n%s", query, start, end, step, lookback, cmp.Diff(want, have))
			}
		}
	})
}
