//go:build load

package load

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sender posts requests to one address.
type Sender struct {
	URL string
	V2  bool

	client http.Client
	mu     sync.Mutex
	took   []time.Duration
}

// Post sends one request, again while it is refused for now.
func (s *Sender) Post(body []byte) error {
	for {
		begin := time.Now()
		again, err := s.post(body)
		if !again {
			s.mu.Lock()
			s.took = append(s.took, time.Since(begin))
			s.mu.Unlock()
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Sender) post(body []byte) (again bool, err error) {
	req, err := http.NewRequest(http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if s.V2 {
		req.Header.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
		req.Header.Set("X-Prometheus-Remote-Write-Version", "2.0.0")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	switch {
	case resp.StatusCode/100 == 2:
		return false, nil
	case resp.StatusCode == http.StatusServiceUnavailable:
		return true, nil
	}
	return false, fmt.Errorf("%s: %s", resp.Status, text)
}

// Scrape posts a scrape's requests over so many connections at a time, each a share
// of the series in order, and returns when all are taken. A pace above zero is the
// samples a second that all connections make together, if they are taken in time.
func (s *Sender) Scrape(bodies [][]byte, senders, pace int) error {
	var group errgroup.Group
	for k := range senders {
		group.Go(func() error {
			var tick <-chan time.Time
			if pace > 0 {
				ticker := time.NewTicker(time.Second * time.Duration(perRequest*senders) / time.Duration(pace))
				defer ticker.Stop()
				tick = ticker.C
			}
			for i := k; i < len(bodies); i += senders {
				if tick != nil {
					<-tick
				}
				if err := s.Post(bodies[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// P99 is what 99 of 100 requests took at most, and forgets them.
func (s *Sender) P99() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	p := s.took[len(s.took)*99/100]
	s.took = nil
	return p
}
