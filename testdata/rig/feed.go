package rig

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// Feed stands in for a service and the Prometheus that scrapes it: it
// remote-writes (1.0) two counters, feed_requests_total{code="200"} and {code="500"}, at
// event times of its own choice, and again until they are acknowledged, as
// Prometheus does. It is for one goroutine.
type Feed struct {
	// At is the event time of the newest acknowledged samples.
	At time.Time
	// Good and Bad are the counters' values in them.
	Good, Bad float64
	// Patience is how long one request is tried again.
	Patience time.Duration

	url    string
	client *http.Client
}

// FeedSLO counts what a Feed sends: 99.9 % over 1 d, tier "quick" of QuickTier.
const FeedSLO = `version: slowburn/v1
service: feed
owner: team-feed
objectives:
  - name: requests
    target: 99.9
    windows: [1d]
    tier: quick
    sli:
      events:
        bad: feed_requests_total{code="500"}
        total: feed_requests_total
`

// NewFeed makes a feed whose event time starts behind the wall clock. Less than
// two minutes behind, slowburn holds it for a source in good order, and a scenario
// of that length can be played in a moment.
func NewFeed(t testing.TB, s *Slowburn, behind time.Duration) *Feed {
	f := &Feed{
		At:       time.Now().Add(-behind).Truncate(time.Second),
		Patience: time.Minute,
		url:      "http://" + s.Addr + "/api/v1/write",
		client:   &http.Client{Timeout: 5 * time.Second},
	}
	t.Cleanup(f.client.CloseIdleConnections)
	return f
}

// Scrape adds events and sends the counters as they stand step later. It returns
// once they are acknowledged.
func (f *Feed) Scrape(step time.Duration, good, bad float64) error {
	at := f.At.Add(step)
	body := encode(at, f.Good+good, f.Bad+bad)
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		again, err := f.post(body)
		if err == nil {
			f.At, f.Good, f.Bad = at, f.Good+good, f.Bad+bad
			return nil
		}
		if !again || time.Since(begin) > f.Patience {
			return fmt.Errorf("send the samples of %s: %w", at.Format(time.TimeOnly), err)
		}
	}
}

// Play makes a scrape a second of event time over the given stretch, each with
// the same events.
func (f *Feed) Play(stretch time.Duration, good, bad float64) error {
	for range int(stretch / time.Second) {
		if err := f.Scrape(time.Second, good, bad); err != nil {
			return err
		}
	}
	return nil
}

// post sends one request. again says whether Prometheus would try again.
func (f *Feed) post(body []byte) (again bool, err error) {
	req, err := http.NewRequest(http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := f.client.Do(req)
	if err != nil {
		return true, err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode >= 500, fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(text))
}

func encode(at time.Time, good, bad float64) []byte {
	var req prompb.WriteRequest
	for _, c := range []struct {
		code  string
		value float64
	}{{"200", good}, {"500", bad}} {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
			Labels: []prompb.Label{
				{Name: "__name__", Value: "feed_requests_total"},
				{Name: "cluster", Value: "faults"},
				{Name: "code", Value: c.code},
				{Name: "instance", Value: "feed:1"},
				{Name: "job", Value: "feed"},
			},
			Samples: []prompb.Sample{{Value: c.value, Timestamp: at.UnixMilli()}},
		})
	}
	b, err := req.Marshal()
	if err != nil {
		panic(err) // It is made of literals.
	}
	return snappy.Encode(nil, b)
}
