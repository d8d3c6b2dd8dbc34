//go:build faults

package faults

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault26_PagingIsShedLast: with less memory than it takes to run at all, slowburn
// refuses queries and samples, both to be tried again, and goes on paging.
func TestFault26_PagingIsShedLast(t *testing.T) {
	t.Parallel()
	s, _, recorder := paging(t)
	s.Kill()
	before := len(recorder.Sent(rig.FeedPage))

	s.StartLimited("8MiB")
	s.Ready(time.Minute)
	for _, request := range []struct{ method, path string }{{http.MethodGet, "/api/v1/query?query=1"}, {http.MethodPost, "/api/v1/write"}} {
		proc.Until(t, 30*time.Second, request.path+" is shed", func() error {
			req, err := http.NewRequest(request.method, "http://"+s.Addr+request.path, nil)
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusServiceUnavailable {
				return fmt.Errorf("want 503, have %s", resp.Status)
			}
			return nil
		})
	}
	proc.Until(t, 30*time.Second, "the page is sent again", func() error {
		if have := len(recorder.Sent(rig.FeedPage)); have <= before {
			return fmt.Errorf("want more than %d sends, have %d", before, have)
		}
		return nil
	})
	heard(t, recorder, 1, 0)
}

// TestFault26_TheMemoryOfACgroup: what a control group may hold is the limit, without a
// flag: nine tenths of it. Within 128 MiB slowburn takes samples and answers queries all
// the while, and pages.
func TestFault26_TheMemoryOfACgroup(t *testing.T) {
	t.Parallel()
	const memory = 128 << 20
	cgroup := rig.NewCgroup(t, memory)
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.StartIn(cgroup)
	s.Ready(20 * time.Second)
	limit, err := s.Metric("go_gc_gomemlimit_bytes")
	if share := limit / memory; err != nil || share < 0.89 || share > 0.91 {
		t.Errorf("want nine tenths of %d, have %g, %v", memory, limit, err)
	}
	feed := rig.NewFeed(t, s, 110*time.Second)
	ctx, leave := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	for client := range 4 {
		asking.Go(func() {
			for n := client; ctx.Err() == nil; n++ {
				ask(ctx, s.URL()+"/api/v1/"+deadly[n%len(deadly)], 10*time.Second)
			}
		})
	}
	burn(t, feed)
	heard(t, recorder, 1, 0)
	stop := goOn(t, feed, 0, 20)
	time.Sleep(time.Duration(times(2)) * time.Second)
	stop()
	leave()
	asking.Wait()
	peak, err := s.Peak()
	if err != nil || peak > memory {
		t.Errorf("want at most %d resident, have %d, %v", memory, peak, err)
	}
	fmt.Printf("%d MiB resident at most, of %d\n", peak>>20, memory>>20)
}
