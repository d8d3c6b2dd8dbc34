package dated_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slowburn/slowburn/rules/dated"
)

// view has two families at wall time 100 s, a slot 10 s.
func view() *dated.View {
	state := func(name string, s ...dated.Stretch) dated.Fact {
		return dated.Fact{Labels: labels.FromStrings("slo", "a", "state", name), Stretches: s}
	}
	return dated.New([]dated.Family{
		{Name: "state", Facts: func() []dated.Fact {
			return []dated.Fact{
				state("healthy", dated.Stretch{From: 12_000, To: 40_000, Value: 1}, dated.Stretch{From: 40_000, To: math.MaxInt64}),
				state("frozen", dated.Stretch{From: 12_000, To: 40_000}, dated.Stretch{From: 40_000, To: math.MaxInt64, Value: 1}),
			}
		}},
		{Name: "release", Facts: func() []dated.Fact {
			return []dated.Fact{{Labels: labels.FromStrings("version", "1"), Stretches: []dated.Stretch{
				{From: 61_000, To: 75_000, Value: 7}, {From: 20_000, To: 35_000, Value: 5},
			}}}
		}},
	}, 10*time.Second, func() time.Time { return time.UnixMilli(100_000) })
}

// read is a query's answer as text: each series with its samples, times in seconds.
func read(t *testing.T, from, to int64, ms ...*labels.Matcher) string {
	t.Helper()
	q, err := view().Querier(from, to)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var out []string
	for set := q.Select(context.Background(), true, nil, ms...); set.Next(); {
		text := set.At().Labels().String()
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			ts, v := it.At()
			if value.IsStaleNaN(v) {
				text += fmt.Sprintf(" %d:stale", ts/1000)
				continue
			}
			text += fmt.Sprintf(" %d:%g", ts/1000, v)
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func named(name string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)
}

func TestView(t *testing.T) {
	frozen := labels.MustNewMatcher(labels.MatchEqual, "state", "frozen")
	for _, c := range []struct {
		name     string
		from, to int64
		ms       []*labels.Matcher
		want     string
	}{
		{"a change is where it was", 30_000, 60_000, []*labels.Matcher{named("state")},
			`{__name__="state", slo="a", state="frozen"} 30:0 40:1 50:1 60:1` + "\n" + `{__name__="state", slo="a", state="healthy"} 30:1 40:0 50:0 60:0`},
		{"nothing is known before", 0, 20_000, []*labels.Matcher{named("state"), frozen}, `{__name__="state", slo="a", state="frozen"} 20:0`},
		{"nothing is known of the future", 95_000, 500_000, []*labels.Matcher{named("state"), frozen}, `{__name__="state", slo="a", state="frozen"} 100:1`},
		{"stretches end", 0, 100_000, []*labels.Matcher{named("release")}, `{__name__="release", version="1"} 20:5 30:5 40:stale 70:7 80:stale`},
		{"an end is seen from inside", 36_000, 45_000, []*labels.Matcher{named("release")}, ``},
		{"other names are others'", 0, 100_000, []*labels.Matcher{named("up")}, ``},
	} {
		if have := read(t, c.from, c.to, c.ms...); have != c.want {
			t.Errorf("%s:\nwant %s\nhave %s", c.name, c.want, have)
		}
	}
}

// TestSeek: whoever seeks sees what Next would have come to.
func TestSeek(t *testing.T) {
	for from := int64(0); from <= 110_000; from += 1_000 {
		q, _ := view().Querier(0, 100_000)
		set := q.Select(context.Background(), false, nil, named("release"))
		set.Next()
		walked, sought := set.At().Iterator(nil), set.At().Iterator(nil)
		typ := walked.Next()
		for typ != chunkenc.ValNone && walked.AtT() < from {
			typ = walked.Next()
		}
		if have := sought.Seek(from); have != typ || typ != chunkenc.ValNone && sought.AtT() != walked.AtT() {
			t.Errorf("seek %d: want %v at %d, have %v at %d", from, typ, walked.AtT(), have, sought.AtT())
		}
	}
}

func TestLabels(t *testing.T) {
	q, _ := view().Querier(0, 100_000)
	states, _, _ := q.LabelValues(context.Background(), "state", nil)
	names, _, _ := q.LabelNames(context.Background(), nil, named("release"))
	if have := fmt.Sprint(states, names); have != "[frozen healthy] [__name__ version]" {
		t.Errorf("have %s", have)
	}
}
