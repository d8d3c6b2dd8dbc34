//go:build faults

package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/proxy"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault29_TheHeartbeat beats only while all is well: not before there is data, not
// when nobody acknowledges alerts any more, and not when the data stops; the last two in
// the longer forms, since either is given 2 min.
func TestFault29_TheHeartbeat(t *testing.T) {
	t.Parallel()
	var beats atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { beats.Add(1) }))
	t.Cleanup(outside.Close)
	recorder := rig.NewRecorder(t)
	way := proxy.New(t, recorder.Addr)
	s := rig.NewSlowburn(t, rig.FeedConfig(way.Addr())+fmt.Sprintf("  heartbeat: {url: %q, every: 1s}\n", outside.URL), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	beating := func(when string, want bool, within time.Duration) {
		t.Helper()
		proc.Until(t, within, fmt.Sprintf("%s, beating: %t", when, want), func() error {
			before := beats.Load()
			time.Sleep(3 * time.Second)
			if have := beats.Load() > before; have != want {
				return fmt.Errorf("have %t", have)
			}
			return nil
		})
	}
	proc.Until(t, 10*time.Second, "it has thought of beating", func() error {
		if held, err := s.Metric("slowburn_heartbeat_withheld_total"); err != nil || held < 2 {
			return fmt.Errorf("withheld: %g, %v", held, err)
		}
		return nil
	})
	if beats.Load() > 0 {
		t.Error("want no beat without data")
	}
	feed := rig.NewFeed(t, s, 40*time.Second)
	play(t, feed, 40*time.Second, 20, 0)
	stop := goOn(t, feed, 20, 0)
	beating("with data, and an Alertmanager that answers", true, 30*time.Second)
	if *form == "short" {
		stop()
		return
	}
	way.Set(proxy.Behaviour{Status: 500})
	beating("no alert is acknowledged", false, 3*time.Minute)
	way.Set(proxy.Behaviour{})
	beating("they are again", true, time.Minute)
	stop()
	beating("no data comes", false, 3*time.Minute)
}
