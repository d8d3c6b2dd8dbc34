//go:build faults

package faults

import (
	"fmt"
	"net/http"
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
