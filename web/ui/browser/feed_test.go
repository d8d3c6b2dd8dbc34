package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// counter is one series: how many events it counts in each scrape.
type counter struct {
	labels    []prompb.Label
	perScrape float64
}

// series makes a counter of name and pairs of label names and values.
func series(perScrape float64, name string, pairs ...string) counter {
	c := counter{perScrape: perScrape, labels: []prompb.Label{{Name: "__name__", Value: name}, {Name: "cluster", Value: "browser"}}}
	for i := 0; i < len(pairs); i += 2 {
		c.labels = append(c.labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return c
}

// feed stands in for a Prometheus: it remote-writes counters.
type feed struct {
	url      string
	counters []counter
	scrapes  float64
}

// scrapeInterval is that of the feed, in event time.
const scrapeInterval = 15 * time.Second

// scrape sends what the counters stand at, in requests of a size that any limit takes.
func (f *feed) scrape(ctx context.Context, at time.Time) error {
	f.scrapes++
	for from := 0; from < len(f.counters); from += 5000 {
		var req prompb.WriteRequest
		for _, c := range f.counters[from:min(from+5000, len(f.counters))] {
			req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
				Labels: c.labels, Samples: []prompb.Sample{{Value: c.perScrape * f.scrapes, Timestamp: at.UnixMilli()}},
			})
		}
		if err := f.post(ctx, &req); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) post(ctx context.Context, wr *prompb.WriteRequest) error {
	b, err := wr.Marshal()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(snappy.Encode(nil, b)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)); resp.StatusCode/100 != 2 {
		return fmt.Errorf("remote write: %s: %s", resp.Status, text)
	}
	return nil
}

// run scrapes from the past up to now and then by the clock.
func (f *feed) run(ctx context.Context, begin time.Time) error {
	for at := begin; ; at = at.Add(scrapeInterval) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(at)):
		}
		if err := f.scrape(ctx, at); err != nil && ctx.Err() == nil {
			return err
		}
	}
}
