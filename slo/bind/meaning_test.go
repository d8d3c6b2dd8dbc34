package bind_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/slo/bind"
)

// steady are counters that rise evenly, so that a rate is the same over any range and
// at any time.
const steady = `load 15s
requests_total{code="200",zone="a",pod="1"} 0+30x60
requests_total{code="200",zone="a",pod="2"} 5+20x60
requests_total{code="200",zone="b",pod="3"} 0+40x60
requests_total{code="500",zone="a",pod="1"} 0+3x60
requests_total{code="500",zone="b",pod="3"} 7+1x60
jobs_total{code="200",zone="a",pod="1"} 0+11x60
jobs_total{code="500",zone="a",pod="1"} 0+2x60
jobs_total{code="200",zone="b",pod="3"} 0+9x60
jobs_total{code="500",zone="b",pod="3"} 0+4x60
wait_seconds_bucket{le="0.1",zone="a"} 0+10x60
wait_seconds_bucket{le="0.5",zone="a"} 0+14x60
wait_seconds_bucket{le="+Inf",zone="a"} 0+15x60
wait_seconds_count{zone="a"} 0+15x60
wait_seconds_bucket{le="0.1",zone="b"} 0+1x60
wait_seconds_bucket{le="0.5",zone="b"} 0+2x60
wait_seconds_bucket{le="+Inf",zone="b"} 0+8x60
wait_seconds_count{zone="b"} 0+8x60
size{zone="a"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{schema:0 sum:5 count:4 buckets:[1 2 1]}}x60
size{zone="b"} {{schema:0 sum:5 count:6 buckets:[1 2 3]}}+{{schema:0 sum:5 count:6 buckets:[1 2 3]}}x60
`

// writer makes up queries of one kind: the same groups, range function and step.
type writer struct {
	*rapid.T
	by, fn string
	steps  bool
}

func (w writer) pick(texts ...string) string { return rapid.SampledFrom(texts).Draw(w.T, "text") }

// counter is a sum of what a selector counts.
func (w writer) counter(selector string) string {
	if w.steps {
		return "sum_over_time((sum" + w.by + "(" + w.fn + "(" + selector + "[1m])))[{{.window}}:1m])"
	}
	rate := w.fn + "(" + selector + "[{{.window}}])"
	return w.pick(
		"sum"+w.by+"("+rate+")",
		"sum"+w.by+"((("+rate+")))",
		"sum"+w.by+"(sum by (zone, code) ("+rate+"))",
		"sum"+w.by+"(label_replace("+rate+`, "app", "$1", "pod", "(.*)"))`,
		"sum"+w.by+"(sum without (pod) ("+rate+"))",
	)
}

// guarded wraps a sum as people do, without changing what it counts.
func (w writer) guarded(sum string) string {
	guards := []string{"%s", "(%s)", "(%s > 0)", "clamp_min(%s, 0)", "(2 * %s / 2)", "(%s + 0)", "(%s or vector(0))"}
	if w.by != "" {
		guards = guards[:len(guards)-1] // it would be a group of its own
	}
	return fmt.Sprintf(w.pick(guards...), sum)
}

// parts are a query for a part of all events, and one for all.
func (w writer) parts() (part, all string) {
	if w.fn == "rate" && !w.steps && rapid.Bool().Draw(w.T, "native") {
		rate := "sum" + w.by + "(rate(size[{{.window}}]))"
		all = "histogram_count(" + rate + ")"
		fraction := w.pick("histogram_fraction(0, 2, "+rate+")", "histogram_fraction(-Inf, 2, "+rate+")", "(1 - histogram_fraction(2, +Inf, "+rate+"))", "histogram_fraction(1, 2, "+rate+")")
		return "(" + w.pick(fraction+" * "+all, all+" * "+fraction) + ")", all
	}
	if rapid.Bool().Draw(w.T, "latency") {
		all = w.pick(w.counter("wait_seconds_count"), w.counter(`wait_seconds_bucket{le="+Inf"}`))
		return w.counter(w.pick(`wait_seconds_bucket{le="0.1"}`, `wait_seconds_bucket{le=~"0.5|0.50"}`)), all
	}
	name := w.pick("requests_total", "jobs_total")
	part, all = w.counter(name+`{code="500"}`), w.counter(name)
	if rapid.Bool().Draw(w.T, "two counters") {
		part = "(" + part + " + " + w.counter(`jobs_total{code=~"5.."}`) + ")"
		all = "(" + all + " + " + w.counter("jobs_total") + ")"
	}
	return part, all
}

// ratio is a query for the share of the part, or of the rest, in all.
func (w writer) ratio(part, all string) string {
	guardless := w.guarded(part) + " / " + w.guarded(all)
	shapes := []string{
		guardless,
		"1 - " + guardless,
		"1 - (1 - " + guardless + ")",
		"(" + all + " - " + part + ") / " + w.guarded(all),
		"clamp_max(" + guardless + ", 1)",
		"(" + guardless + ") * 100 / 100",
		"(" + guardless + ") and (" + all + " > 0)",
		"(" + guardless + ") unless (" + all + " == 0)",
	}
	if w.by == "" {
		shapes = append(shapes, "("+guardless+") or on() vector(0)", "1 - (("+guardless+") or vector(1))", part+" / scalar("+all+")")
	}
	return w.pick(shapes...)
}

// TestWhatIsBoundCountsWhatTheQuerySays: the terms that a query is bound to have the
// ratio that PromQL makes of the query itself.
func TestWhatIsBoundCountsWhatTheQuerySays(t *testing.T) {
	past := promqltest.LoadedStorage(t, steady)
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	rapid.Check(t, func(rt *rapid.T) {
		w := writer{T: rt, by: rapid.SampledFrom([]string{"", " by (zone) "}).Draw(rt, "by"), fn: rapid.SampledFrom([]string{"rate", "increase"}).Draw(rt, "fn"), steps: rapid.Bool().Draw(rt, "steps")}
		part, all := w.parts()
		text := w.ratio(part, all)
		q, err := bind.Parse(text)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		b := bind.Ratio(q)
		if b.SLI.Query != nil {
			rt.Fatalf("%s: want it bound, have %s", text, b.SLI.Query.Reason)
		}
		bad, total := bind.Texts(&b.SLI)
		over := func(text string) string { return strings.ReplaceAll(text, "{{.window}}", "5m") }
		want, have := ask(t, engine, past, over(text)), ask(t, engine, past, "("+over(bad)+") / ("+over(total)+")")
		if len(want) == 0 || len(want) != len(have) {
			rt.Fatalf("%s: want %v, have %v", text, want, have)
		}
		for group, v := range want {
			if math.Abs(v-have[group]) > 1e-9 {
				rt.Fatalf("%s\nbad   %s\ntotal %s\n%s: want %v, have %v", text, bad, total, group, v, have[group])
			}
		}
	})
}

// ask evaluates a query at 10 min.
func ask(t *testing.T, engine *promql.Engine, past storage.Queryable, text string) map[string]float64 {
	t.Helper()
	q, err := engine.NewInstantQuery(context.Background(), past, nil, text, time.Unix(600, 0))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer q.Close()
	v, err := q.Exec(context.Background()).Vector()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out := map[string]float64{}
	for _, s := range v {
		out[labels.NewBuilder(s.Metric).Del(labels.MetricName).Labels().String()] = s.F
	}
	return out
}
