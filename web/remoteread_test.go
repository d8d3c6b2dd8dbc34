package web_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	configutil "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
)

// TestRemoteReadStreams reads with Prometheus's own client, which asks for
// streamed chunks: they must be flushed through what stands before the handler.
func TestRemoteReadStreams(t *testing.T) {
	srv := httptest.NewServer(newFixture(t, nil))
	defer srv.Close()
	u, err := url.Parse(srv.URL + "/api/v1/read")
	if err != nil {
		t.Fatal(err)
	}
	c, err := remote.NewReadClient("test", &remote.ClientConfig{
		URL: &configutil.URL{URL: u}, Timeout: model.Duration(10 * time.Second), ChunkedReadLimit: 1 << 20,
		HTTPClientConfig: configutil.HTTPClientConfig{},
	})
	if err != nil {
		t.Fatal(err)
	}
	q, err := remote.ToQuery(now.Add(-time.Hour).UnixMilli(), now.UnixMilli(),
		[]*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "slo_burn_rate")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.ReadMultiple(context.Background(), []*prompb.Query{q}, true)
	if err != nil {
		t.Fatal(err)
	}
	series, samples := 0, 0
	for set.Next() {
		series++
		for it := set.At().Iterator(nil); it.Next() != 0; {
			samples++
		}
	}
	if set.Err() != nil || series != 2 || samples != 82 {
		t.Errorf("want 2 series of 41 samples, have %d and %d, %v", series, samples, set.Err())
	}
}
