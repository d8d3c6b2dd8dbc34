package rig

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// Feed stands in for a service and the Prometheus that scrapes it: it
// remote-writes (1.0) two counters, feed_requests_total{code="200"} and {code="500"}, at
// event times of its own choice, and again until they are acknowledged, as
// Prometheus does. One goroutine sends; Acked may be asked by others.
type Feed struct {
	// Patience is how long one request is tried again.
	Patience time.Duration
	// Version is what feed_build_info says runs; empty: there is no such series.
	Version string
	// Token is the bearer token to show; empty: none.
	Token string

	url    string
	client *http.Client

	mu    sync.Mutex
	acked Acked
}

// Acked is what was sent last and acknowledged.
type Acked struct {
	At        time.Time // event time
	Good, Bad float64   // the counters' values
}

// FeedConfig is a configuration for FeedSLO: alerts go to the Alertmanagers at
// host:port, and the windows of its tier are so short that an outage can come and
// go within the two minutes of NewFeed.
func FeedConfig(alertmanagers ...string) string {
	return fmt.Sprintf(`slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 1m, short: 30s, factor: 14.4}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [%s]
`, strings.Join(alertmanagers, ", "))
}

// FeedPage is how the page of FeedSLO is told from other alerts.
var FeedPage = map[string]string{"alertname": "SLOErrorBudgetBurn", "severity": "page", "slo": "requests", "service": "feed"}

// FeedSLO counts what a Feed sends: 99.9 % over 1 d, tier "quick" of FeedConfig.
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
		acked:    Acked{At: time.Now().Add(-behind).Truncate(time.Second)},
		Patience: time.Minute,
		url:      s.URL() + "/api/v1/write",
		client:   s.Client(5 * time.Second),
	}
	t.Cleanup(f.client.CloseIdleConnections)
	return f
}

// Acked is the newest acknowledged sample.
func (f *Feed) Acked() Acked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.acked
}

// Scrape adds events and sends the counters as they stand step later, but not
// before the wall clock has come that far. It returns once they are acknowledged.
func (f *Feed) Scrape(step time.Duration, good, bad float64) error {
	next := f.Acked()
	next.At, next.Good, next.Bad = next.At.Add(step), next.Good+good, next.Bad+bad
	time.Sleep(time.Until(next.At))
	body := encode(next, f.Version)
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		again, err := f.post(body)
		if err == nil {
			f.mu.Lock()
			f.acked = next
			f.mu.Unlock()
			return nil
		}
		if !again || time.Since(begin) > f.Patience {
			return fmt.Errorf("send the samples of %s: %w", next.At.Format(time.TimeOnly), err)
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
	if f.Token != "" {
		req.Header.Set("Authorization", "Bearer "+f.Token)
	}
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

func encode(a Acked, version string) []byte {
	var req prompb.WriteRequest
	for _, c := range []struct {
		code  string
		value float64
	}{{"200", a.Good}, {"500", a.Bad}} {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
			Labels: []prompb.Label{
				{Name: "__name__", Value: "feed_requests_total"},
				{Name: "cluster", Value: "faults"},
				{Name: "code", Value: c.code},
				{Name: "instance", Value: "feed:1"},
				{Name: "job", Value: "feed"},
			},
			Samples: []prompb.Sample{{Value: c.value, Timestamp: a.At.UnixMilli()}},
		})
	}
	if version != "" {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
			Labels: []prompb.Label{
				{Name: "__name__", Value: "feed_build_info"},
				{Name: "cluster", Value: "faults"},
				{Name: "instance", Value: "feed:1"},
				{Name: "job", Value: "feed"},
				{Name: "version", Value: version},
			},
			Samples: []prompb.Sample{{Value: 1, Timestamp: a.At.UnixMilli()}},
		})
	}
	b, err := req.Marshal()
	if err != nil {
		panic(err) // It is made of literals.
	}
	return snappy.Encode(nil, b)
}
