package rules_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo"
)

// TestPromise1_EqualsAnchoredIncrease holds the engine against upstream's own idea of
// an exact increase: `increase(… anchored)` takes the last sample at or before each end
// of its range and extrapolates nothing. On streams without gaps and births both are
// the same number, over every window at every slot, resets or not.
func TestPromise1_EqualsAnchoredIncrease(t *testing.T) {
	checkFew(t, 10, func(rt *rapid.T) {
		def := availability(0.999)
		def.SLI.Births = slo.BirthsZero
		def.Windows = nil
		for _, d := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour} {
			def.Windows = append(def.Windows, slo.Rolling(d))
		}
		r := newRig(t, t0, def)
		defer r.close()
		interval := rapid.SampledFrom([]int64{15, 30, 60}).Draw(rt, "interval") * second
		shops := make([]*shop, rapid.IntRange(1, 3).Draw(rt, "targets"))
		for i := range shops {
			shops[i] = &shop{instance: fmt.Sprintf("i%d", i)}
		}
		promqlEngine := newAnchoredEngine(t)
		checked := int64(0)
		for ts, end := t0+7*second, t0+rapid.Int64Range(20, 180).Draw(rt, "minutes")*minute; ts < end; ts += interval {
			r.now = ts + 500
			for _, s := range shops {
				if rapid.IntRange(0, 50).Draw(rt, "restarts") == 0 {
					s.ok, s.bad = 0, 0
				}
				r.send(s.scrape(ts, float64(rapid.IntRange(0, 20).Draw(rt, "good")), float64(rapid.IntRange(0, 3).Draw(rt, "bad")))...)
			}
			r.tick()
			if st := r.status(); st.TS >= checked+2*minute {
				checked = st.TS
				compareAnchored(rt, r, promqlEngine, st)
			}
		}
	})
}

func newAnchoredEngine(t *testing.T) *promql.Engine {
	e := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e8, Timeout: time.Minute,
		Parser: parser.NewParser(parser.Options{}),
	})
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// compareAnchored asks PromQL for the very windows that the status is of.
func compareAnchored(rt *rapid.T, r *rig, e *promql.Engine, st slo.Status) {
	for _, w := range st.Windows {
		length := time.Duration(st.TS-w.Start) * time.Millisecond
		for selector, have := range map[string]float64{
			`http_requests_total{job="shop"}`:             w.Counts.Total,
			`http_requests_total{job="shop",code=~"5.."}`: w.Counts.Bad,
		} {
			expr := fmt.Sprintf("sum(increase(%s[%s] anchored))", selector, length)
			q, err := e.NewInstantQuery(context.Background(), r.raw, nil, expr, time.UnixMilli(st.TS))
			if err != nil {
				rt.Fatalf("%s: %v", expr, err)
			}
			res := q.Exec(context.Background())
			v, err := res.Vector()
			if err != nil {
				rt.Fatalf("%s: %v", expr, err)
			}
			want := 0.0
			if len(v) > 0 {
				want = v[0].F
			}
			q.Close()
			if have != want {
				rt.Fatalf("%s at %d: want %g, have %g", expr, st.TS-t0, want, have)
			}
		}
	}
}
