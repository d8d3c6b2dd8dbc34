package shop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// Sender packs scrapes into remote write 2.0 and posts them, in order, one request
// at a time. It is not safe for concurrent use.
type Sender struct {
	url     string
	client  *http.Client
	symbols writev2.SymbolsTable
	request writev2.Request
	proto   []byte
	body    []byte
	samples int // of all requests acknowledged
}

// NewSender returns a Sender that posts to url.
func NewSender(url string, client *http.Client) *Sender {
	return &Sender{url: url, client: client, symbols: writev2.NewSymbolTable()}
}

// Add takes the series as scraped at ts, ms. They must be the same each time.
func (s *Sender) Add(ts int64, series []Series) error {
	if s.request.Timeseries == nil {
		for i := range series {
			t := writev2.TimeSeries{LabelsRefs: s.symbols.SymbolizeLabels(series[i].Labels, nil)}
			t.Metadata.Type = writev2.Metadata_METRIC_TYPE_COUNTER
			if strings.HasPrefix(series[i].Labels.Get("__name__"), "http_request_duration_seconds") {
				t.Metadata.Type = writev2.Metadata_METRIC_TYPE_HISTOGRAM
			}
			s.request.Timeseries = append(s.request.Timeseries, t)
		}
		s.request.Symbols = s.symbols.Symbols()
	}
	if len(series) != len(s.request.Timeseries) {
		return fmt.Errorf("shop: %d series scraped, were %d", len(series), len(s.request.Timeseries))
	}
	for i := range series {
		t := &s.request.Timeseries[i]
		if h := series[i].Histogram; h != nil {
			t.Histograms = append(t.Histograms, writev2.FromIntHistogram(0, ts, h))
			continue
		}
		t.Samples = append(t.Samples, writev2.Sample{Timestamp: ts, Value: series[i].Value})
	}
	return nil
}

// Send posts what was added until it is acknowledged: what is refused for now is
// tried again, what is refused for good is an error.
func (s *Sender) Send(ctx context.Context) error {
	var err error
	if s.proto, err = s.request.OptimizedMarshal(s.proto); err != nil {
		return fmt.Errorf("encode remote write: %w", err)
	}
	s.body = snappy.Encode(s.body[:cap(s.body)], s.proto)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := s.post(ctx)
		var final refused
		switch {
		case err == nil:
			for i := range s.request.Timeseries {
				t := &s.request.Timeseries[i]
				s.samples += len(t.Samples) + len(t.Histograms)
				t.Samples, t.Histograms = t.Samples[:0], t.Histograms[:0]
			}
			return nil
		case errors.As(err, &final):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Sent is how many samples were acknowledged, and of how many series they are.
func (s *Sender) Sent() (samples, series int) { return s.samples, len(s.request.Timeseries) }

// refused is an answer that says that sending it again makes no sense.
type refused string

func (r refused) Error() string { return string(r) }

func (s *Sender) post(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(s.body))
	if err != nil {
		return fmt.Errorf("make remote-write request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "2.0.0")
	req.Header.Set("User-Agent", "slowburn-demo-shop")
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("post samples: %w", err)
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	resp.Body.Close()
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode/100 == 5 || resp.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("post samples: %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	return refused(fmt.Sprintf("post samples: %s: %s", resp.Status, bytes.TrimSpace(text)))
}
