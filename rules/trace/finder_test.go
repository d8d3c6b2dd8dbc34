package trace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/rules/trace"
	"github.com/slowburn/slowburn/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const now = int64(1_800_000_000_000)

// open is a TSDB for so many exemplars.
func open(t testing.TB, most int64) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.EnableExemplarStorage, opts.MaxExemplars = true, most
	db, err := promtsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// stored is an exemplar of a series, so long before now.
type stored struct {
	series labels.Labels
	before time.Duration
	value  float64
	trace  string
}

func add(t testing.TB, db *promtsdb.DB, all ...stored) {
	t.Helper()
	app := db.Appender(context.Background())
	for _, s := range all {
		ref, err := app.Append(0, s.series, now, 1)
		if err != nil {
			t.Fatal(err)
		}
		e := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", s.trace), Value: s.value, Ts: now - s.before.Milliseconds(), HasTs: true}
		if _, err := app.AppendExemplar(ref, s.series, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

func selector(pairs ...string) []*labels.Matcher {
	var ms []*labels.Matcher
	for i := 0; i < len(pairs); i += 2 {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, pairs[i], pairs[i+1]))
	}
	return ms
}

func finder(t testing.TB, db *promtsdb.DB) *trace.Finder {
	t.Helper()
	u, err := slo.ParseTraceURL("http://jaeger/${trace_id}")
	if err != nil {
		t.Fatal(err)
	}
	return trace.New(db, func() slo.TraceURL { return u })
}

// TestLook: which exemplar, if any, shows a bad event of which budget.
func TestLook(t *testing.T) {
	bucket := func(le, region string) labels.Labels {
		return labels.FromStrings(labels.MetricName, "seconds_bucket", "le", le, "region", region)
	}
	requests := func(code string) labels.Labels {
		return labels.FromStrings(labels.MetricName, "requests_total", "code", code)
	}
	failing := slo.SLI{Terms: []slo.Term{
		{Matchers: selector(labels.MetricName, "requests_total", "code", "500"), Bad: 1},
		{Matchers: selector(labels.MetricName, "requests_total"), Total: 1},
	}}
	slow := slo.SLI{By: []string{"region"}, Terms: []slo.Term{
		{Matchers: selector(labels.MetricName, "seconds_count"), Bad: 1, Total: 1},
		{Matchers: selector(labels.MetricName, "seconds_bucket"), Kind: slo.BucketBelow, Threshold: 0.5, Bad: -1},
	}}
	native := slo.SLI{Terms: []slo.Term{
		{Matchers: selector(labels.MetricName, "native"), Kind: slo.HistogramCount, Bad: 1, Total: 1},
		{Matchers: selector(labels.MetricName, "native"), Kind: slo.HistogramBelow, Threshold: 0.5, Bad: -1},
	}}
	unsaid := slo.SLI{Terms: []slo.Term{
		{Matchers: selector(labels.MetricName, "requests_total"), Bad: 1, Total: 1},
		{Matchers: selector(labels.MetricName, "requests_total", "code", "200"), Bad: -1},
	}}
	for _, c := range []struct {
		name   string
		sli    slo.SLI
		stored []stored
		groups labels.Labels
		want   string
	}{
		{name: "the newest", sli: failing, want: "http://jaeger/newer", stored: []stored{
			{requests("500"), time.Minute, 1, "older"}, {requests("500"), time.Second, 1, "newer"}}},
		{name: "none of a good one", sli: failing, stored: []stored{{requests("200"), time.Second, 1, "good"}}},
		{name: "none without a trace", sli: failing, stored: []stored{{requests("500"), time.Second, 1, ""}}},
		{name: "none of yesterday", sli: failing, stored: []stored{{requests("500"), 24 * time.Hour, 1, "old"}}},
		{name: "above the threshold, whatever the bucket", sli: slow, want: "http://jaeger/slow", stored: []stored{
			{bucket("1", "eu"), time.Minute, 0.7, "slow"}, {bucket("0.5", "eu"), time.Second, 0.3, "fast"}}},
		{name: "of the group", sli: slow, groups: labels.FromStrings("region", "us"), want: "http://jaeger/us", stored: []stored{
			{bucket("1", "us"), time.Minute, 0.7, "us"}, {bucket("1", "eu"), time.Second, 0.7, "eu"}}},
		{name: "none of another group", sli: slow, groups: labels.FromStrings("region", "us"), stored: []stored{
			{bucket("1", "eu"), time.Second, 0.7, "eu"}}},
		{name: "of a native histogram", sli: native, want: "http://jaeger/slow", stored: []stored{
			{labels.FromStrings(labels.MetricName, "native"), time.Minute, 0.7, "slow"}, {labels.FromStrings(labels.MetricName, "native"), time.Second, 0.3, "fast"}}},
		{name: "none where bad is what is left over", sli: unsaid, stored: []stored{{requests("500"), time.Second, 1, "who knows"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, 100)
			add(t, db, c.stored...)
			o := &slo.Objective{Service: "shop", Name: "it", SLI: c.sli}
			links, err := finder(t, db).Look(context.Background(), trace.NewIndex([]*slo.Objective{o}), now)
			if err != nil {
				t.Fatal(err)
			}
			if have := links.Of("shop/it", c.groups); have != c.want {
				t.Errorf("want %q, have %q", c.want, have)
			}
		})
	}
}

// BenchmarkLook is one look over as many exemplars as the raw TSDB keeps, with 10,000
// objectives.
func BenchmarkLook(b *testing.B) {
	const most = 100_000
	db := open(b, most)
	var objectives []*slo.Objective
	for i := range 10_000 {
		service := fmt.Sprintf("s%d", i)
		total := selector(labels.MetricName, "requests_total", "service", service)
		objectives = append(objectives, &slo.Objective{Service: service, Name: "it", SLI: slo.SLI{Terms: []slo.Term{
			{Matchers: append(total, selector("code", "500")...), Bad: 1}, {Matchers: total, Total: 1},
		}}})
		lset := labels.FromStrings(labels.MetricName, "requests_total", "service", service, "code", "500")
		for n := range most / 10_000 {
			add(b, db, stored{lset, time.Duration(most/10_000-n) * time.Second, 1, fmt.Sprint(n)})
		}
	}
	f, x := finder(b, db), trace.NewIndex(objectives)
	for b.Loop() {
		if links, err := f.Look(context.Background(), x, now); err != nil || len(links) != 20_000-10_000 {
			b.Fatal(len(links), err)
		}
	}
}
