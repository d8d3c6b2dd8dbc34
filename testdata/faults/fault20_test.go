//go:build faults

package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// deadly are queries that ask for more than there is time or memory for.
var deadly = []string{
	`query?query=` + url.QueryEscape(`sum_over_time(sum_over_time({__name__=~".+"}[1d:1s])[1d:1s])`),
	`query?query=` + url.QueryEscape(`count({__name__=~".+"}) by (__name__) * on () group_left {__name__=~".+"}`),
	`query_range?start=0&end=9999999999&step=0.001&query=up`,
	`series?match[]=` + url.QueryEscape(`{__name__=~".+"}`),
	`query?query=` + url.QueryEscape(`slo_burn_rate{window=~".*.*.*.*.*.*x"}`),
}

// TestFault20_QueriesOfDeathDelayNoPage: eight clients ask nothing else, and half of
// them leave before the answer. The page goes out all the same, and nothing of them is
// left when they are gone.
func TestFault20_QueriesOfDeathDelayNoPage(t *testing.T) {
	t.Parallel()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start("--query.timeout=5s")
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play(t, feed, 30*time.Second, 20, 0)

	ctx, leave := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asked := make(chan struct{}, 1)
	for client := range 8 {
		asking.Go(func() {
			for n := client; ctx.Err() == nil; n++ {
				patience := 10 * time.Second
				if client%2 == 0 {
					patience = 50 * time.Millisecond
				}
				ask(ctx, "http://"+s.Addr+"/api/v1/"+deadly[n%len(deadly)], patience)
				select {
				case asked <- struct{}{}:
				default:
				}
			}
		})
	}
	<-asked
	proved := time.Now()
	for len(recorder.Sent(rig.FeedPage)) == 0 {
		if feed.Acked().At.After(time.Now().Add(-20 * time.Second)) {
			t.Fatal("no page though every request of a minute failed")
		}
		proved = time.Now() // before the sample that may prove the burn
		play(t, feed, time.Second, 0, 20)
		wait := time.NewTimer(200 * time.Millisecond)
		<-wait.C
	}
	fmt.Printf("page at most %.1f s after the sample that proves it, under eight clients' queries of death\n",
		recorder.Sent(rig.FeedPage)[0].At.Sub(proved).Seconds())
	time.Sleep(time.Duration(times(2)) * time.Second)
	leave()
	asking.Wait()
	proc.Until(t, 30*time.Second, "no query is left", func() error {
		return s.Shows(`prometheus_engine_queries`, 0)
	})
	if _, err := s.Value(t, `vector(1)`); err != nil {
		t.Errorf("want an answer when they are gone: %v", err)
	}
}

// ask is a client that leaves when its patience ends.
func ask(ctx context.Context, address string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		panic(err) // They are written above.
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}
