//go:build faults

package faults

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slowburn/slowburn/testdata/rig"
)

// explodingSLO groups by a label with ever new values.
const explodingSLO = `version: slowburn/v1
service: exploding
objectives:
  - name: users
    target: 99
    by: [user]
    sli: {events: {bad: 'exploding_total{code="500"}', total: exploding_total}}
`

// TestFault17_AnExplodingLabelLeavesItsNeighbourAlone: 20,000 new series a second, each
// a group of its own. They end in one group that is seen to overflow, and at the limit of
// series; the neighbour burns meanwhile and pages.
func TestFault17_AnExplodingLabelLeavesItsNeighbourAlone(t *testing.T) {
	t.Parallel()
	const perSecond, batch, seriesLimit = 20_000, 1000, 30_000
	values := times(80_000) // a million in the minute form
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr)+fmt.Sprintf("ingest: {limits: {series: %d}}\n", seriesLimit),
		map[string]string{"feed.yml": rig.FeedSLO, "exploding.yml": explodingSLO})
	s.StartLimited("512MiB")
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play(t, feed, 30*time.Second, 20, 0)

	var taken, refused atomic.Int64
	exploded := make(chan error, 1)
	halfway := make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second * batch / perSecond)
		defer tick.Stop()
		for n := 0; n < values; n += batch {
			<-tick.C
			code, text, err := explode(s, n, batch)
			switch {
			case err == nil && code == http.StatusNoContent:
				taken.Add(1)
			case err == nil && code == http.StatusBadRequest:
				refused.Add(1)
			default:
				exploded <- fmt.Errorf("series %d: code %d, %v: %s", n, code, err, text)
				return
			}
			if n == values/2/batch*batch {
				close(halfway)
			}
		}
		exploded <- nil
	}()
	select {
	case <-halfway:
	case err := <-exploded:
		t.Fatal(err)
	}
	play(t, feed, 20*time.Second, 0, 20)
	heard(t, recorder, 1, 0)
	if err := <-exploded; err != nil {
		t.Fatal(err)
	}

	if taken.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d requests taken, %d refused: want some of each", taken.Load(), refused.Load())
	}
	overflowed, err := s.Metric("slowburn_engine_series_overflowed_total")
	if err != nil || overflowed < seriesLimit/2 {
		t.Errorf("series that overflowed: %v, %v", overflowed, err)
	}
	if have, err := s.Metric(`slowburn_ingest_samples_dropped_total{reason="series_limit"}`); err != nil || have < float64(values-seriesLimit) {
		t.Errorf("samples refused at the limit of series: %v, %v", have, err)
	}
	peak, err := s.Peak()
	if err != nil || peak > 640<<20 {
		t.Errorf("memory: %d MiB, %v", peak>>20, err)
	}
	fmt.Printf("%d values of a label, %d requests taken, %d refused, peak %d MiB; the neighbour paged\n", values, taken.Load(), refused.Load(), peak>>20)
}

// explode sends n series that nobody has seen before.
func explode(s *rig.Slowburn, from, n int) (code int, text []byte, err error) {
	var req prompb.WriteRequest
	now := time.Now().UnixMilli()
	for i := from; i < from+n; i++ {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
			Labels: []prompb.Label{
				{Name: "__name__", Value: "exploding_total"}, {Name: "cluster", Value: "exploding"},
				{Name: "instance", Value: "e:1"}, {Name: "job", Value: "e"}, {Name: "user", Value: fmt.Sprint("user-", i)},
			},
			Samples: []prompb.Sample{{Value: 1, Timestamp: now}},
		})
	}
	body, err := req.Marshal()
	if err != nil {
		return 0, nil, err
	}
	return postWrite(s, "application/x-protobuf", snappy.Encode(nil, body))
}

// postWrite sends one remote-write request.
func postWrite(s *rig.Slowburn, contentType string, body []byte) (code int, text []byte, err error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+s.Addr+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, 512))
	return resp.StatusCode, text, err
}
