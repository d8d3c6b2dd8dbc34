package web_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/web"
)

// told notes what each select was told of the lookback; −1 for nothing.
type told struct {
	storage.SampleAndChunkQueryable
	lookbacks *[]time.Duration
}

type toldKey struct{}

func (q told) Querier(mint, maxt int64) (storage.Querier, error) {
	in, err := q.SampleAndChunkQueryable.Querier(mint, maxt)
	return toldQuerier{in, q.lookbacks}, err
}

type toldQuerier struct {
	storage.Querier
	lookbacks *[]time.Duration
}

func (q toldQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	lookback, ok := ctx.Value(toldKey{}).(time.Duration)
	if !ok {
		lookback = -1
	}
	*q.lookbacks = append(*q.lookbacks, lookback)
	return q.Querier.Select(ctx, sorted, hints, ms...)
}

// TestStorageIsToldOfSteps: for queries that are looked at by their steps, and no others.
func TestStorageIsToldOfSteps(t *testing.T) {
	var lookbacks []time.Duration
	f := newFixture(t, func(o *web.Options) {
		o.Queryable = told{o.Queryable, &lookbacks}
		o.AtSteps = func(ctx context.Context, lookback time.Duration) context.Context {
			return context.WithValue(ctx, toldKey{}, lookback)
		}
	})
	for query, want := range map[string]time.Duration{
		"query?query=up":                                                       5 * time.Minute,
		"query?query=up&lookback_delta=90s":                                    90 * time.Second,
		"query_range?query=rate(up[5m])&start=0&end=600&step=60":               5 * time.Minute,
		"query_range?query=up+offset+5m&start=0&end=600&step=60":               5 * time.Minute,
		"query?query=" + url.QueryEscape("max_over_time(up[1h:])"):             -1,
		"query?query=" + url.QueryEscape("rate(up[5m:30s]) + rate(up[5m:1m])"): -1,
		"series?match[]=up&start=0&end=600":                                    -1,
	} {
		lookbacks = nil
		status, body := f.ask(t, http.MethodGet, "/api/v1/"+query, nil)
		if status != http.StatusOK || len(lookbacks) == 0 {
			t.Errorf("%s: have %d %s after %d selects", query, status, body, len(lookbacks))
		}
		for _, have := range lookbacks {
			if have != want {
				t.Errorf("%s: want %s, have %s", query, want, have)
			}
		}
	}
}
