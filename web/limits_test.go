package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/web"
)

// TestFault20_QueriesOfDeath: each ends within seconds, with an error that is a
// JSON answer or a bounded result.
func TestFault20_QueriesOfDeath(t *testing.T) {
	f := newFixture(t, func(o *web.Options) {
		o.Limits.Timeout = time.Second
		o.Limits.MaxSamples = 100_000
	})
	sec := strconv.FormatInt(now.Unix(), 10)
	for name, q := range map[string]struct {
		path string
		form url.Values
		want int
	}{
		"parentheses":         {"query", url.Values{"query": {strings.Repeat("(", 20_000) + "1" + strings.Repeat(")", 20_000)}}, 400},
		"parentheses, format": {"format_query", url.Values{"query": {strings.Repeat("(", 20_000) + "1" + strings.Repeat(")", 20_000)}}, 400},
		"minus signs":         {"query", url.Values{"query": {strings.Repeat("-", 100_000) + "1"}}, 400},
		"a long sum":          {"query", url.Values{"query": {strings.Repeat("1+", 20_000) + "1"}}, 400},
		"a long query":        {"query", url.Values{"query": {strings.Repeat(" ", 200_000) + "1"}}, 413},
		"subquery of a year":  {"query", url.Values{"query": {"sum_over_time((vector(1) > 2)[1y:1ms])"}}, 400},
		"range expression":    {"query", url.Values{"query": {"sum_over_time((vector(1) > 2)[52w*10:1ms])"}}, 400},
		"nested subqueries": {"query", url.Values{"query": {
			"sum_over_time(sum_over_time(sum_over_time(slo_burn_rate[1d:10s])[1d:10s])[1d:10s])"}}, 0},
		"too many samples": {"query", url.Values{"query": {"count_over_time(vector(1)[11d:10s])"}}, 422},
		"1 ms steps":       {"query_range", url.Values{"query": {"slo_burn_rate"}, "start": {"0"}, "end": {sec}, "step": {"0.001"}}, 400},
		"cross product": {"query_range", url.Values{"query": {`{__name__=~".+"} * on () group_left {__name__=~".+"}`},
			"start": {sec}, "end": {sec}, "step": {"1"}}, 422},
		"all series":     {"series", url.Values{"match[]": {`{__name__=~".+"}`}}, 200},
		"huge regexp":    {"query", url.Values{"query": {`{__name__=~"((a{1000}){1000}){1000}"}`}}, 400},
		"endless labels": {"labels", url.Values{"limit": {"999999999"}}, 200},
	} {
		start := time.Now()
		status, body := f.ask(t, http.MethodPost, "/api/v1/"+q.path, q.form)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if q.want != 0 && status != q.want {
			t.Errorf("%s: want %d, have %d %.200s", name, q.want, status, body)
		}
		decode[map[string]any](t, body)
	}
	for reason, want := range map[string]uint64{"text": 3, "subquery": 2} {
		if have := f.set.GetOrCreateCounter(`slowburn_queries_refused_total{reason="` + reason + `"}`).Get(); have != want {
			t.Errorf("refused for %s: want %d, have %d", reason, want, have)
		}
	}
}

// stuck is a storage whose queries take until they are given up.
type stuck struct {
	storage.SampleAndChunkQueryable
	begun chan struct{}
	// until keeps them even longer, if it is not nil.
	until chan struct{}
}

func (s stuck) Querier(int64, int64) (storage.Querier, error) {
	return stuckQuerier{storage.NoopQuerier(), s.begun, s.until}, nil
}

type stuckQuerier struct {
	storage.Querier
	begun, until chan struct{}
}

func (q stuckQuerier) Select(ctx context.Context, _ bool, _ *storage.SelectHints, _ ...*labels.Matcher) storage.SeriesSet {
	q.begun <- struct{}{}
	<-ctx.Done()
	if q.until != nil {
		<-q.until
	}
	return storage.ErrSeriesSet(ctx.Err())
}

// TestFault20_SlowQueriesLeaveTheRestAlone: with every slot taken, others are
// told so in time, and what needs no slot is served.
func TestFault20_SlowQueriesLeaveTheRestAlone(t *testing.T) {
	begun, until := make(chan struct{}, 10), make(chan struct{})
	f := newFixture(t, func(o *web.Options) {
		o.Queryable = stuck{o.Queryable, begun, until}
		o.Limits.Concurrency = 2
		o.Limits.Timeout = 1500 * time.Millisecond
	})
	var wg sync.WaitGroup
	var mu sync.Mutex
	answered := 0
	for range 6 {
		wg.Go(func() {
			status, body := f.ask(t, http.MethodGet, "/api/v1/query?query=up", nil)
			mu.Lock()
			defer mu.Unlock()
			if answered++; answered == 4 {
				close(until) // the four that never got a slot have been told
			}
			if status != http.StatusServiceUnavailable {
				t.Errorf("have %d %s", status, body)
			}
		})
	}
	<-begun
	<-begun
	for _, path := range []string{"/-/healthy", "/api/slo/v1/budgets", "/api/v1/alerts", "/api/v1/format_query?query=up"} {
		start := time.Now()
		if status, _ := f.ask(t, http.MethodGet, path, nil); status != http.StatusOK || time.Since(start) > time.Second {
			t.Errorf("%s while queries are stuck: %d after %v", path, status, time.Since(start))
		}
	}
	wg.Wait()
	if refused := f.set.GetOrCreateCounter(`slowburn_queries_refused_total{reason="concurrency"}`).Get(); refused == 0 {
		t.Error("want refused queries counted")
	}
}

func TestClientThatLeavesEndsItsQuery(t *testing.T) {
	begun := make(chan struct{}, 1)
	f := newFixture(t, func(o *web.Options) { o.Queryable = stuck{o.Queryable, begun, nil} })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int)
	go func() {
		status, _ := f.ask(t, http.MethodGet, "/api/v1/query?query=up", nil, func(r *http.Request) { *r = *r.WithContext(ctx) })
		done <- status
	}()
	<-begun
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the query goes on")
	}
}

func TestShortMemoryShedsQueriesOnly(t *testing.T) {
	f := newFixture(t, func(o *web.Options) { o.Shed = func() bool { return true } })
	for path, want := range map[string]int{
		"/api/v1/query?query=1": 503, "/federate": 503, "/api/v1/labels": 503,
		"/api/slo/v1/budgets": 200, "/-/ready": 200, "/metrics": 200,
	} {
		if status, _ := f.ask(t, http.MethodGet, path, nil); status != want {
			t.Errorf("%s: want %d, have %d", path, want, status)
		}
	}
	if status, _ := f.ask(t, http.MethodPost, "/api/v1/write", nil); status != http.StatusNoContent {
		t.Errorf("write: have %d", status)
	}
	if have := f.set.GetOrCreateCounter(`slowburn_queries_refused_total{reason="memory"}`).Get(); have != 3 {
		t.Errorf("want 3 counted, have %d", have)
	}
}

func TestBodyBeyondTheLimit(t *testing.T) {
	var fault error
	f := newFixture(t, func(o *web.Options) {
		o.Limits.WriteBody = 10
		o.Write = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for b := make([]byte, 100); fault == nil; {
				_, fault = r.Body.Read(b)
			}
		})
	})
	f.ask(t, http.MethodPost, "/api/v1/write", url.Values{"x": {"more than ten bytes"}})
	var big *http.MaxBytesError
	if !errors.As(fault, &big) {
		t.Errorf("want a body too large, have %v", fault)
	}
}
