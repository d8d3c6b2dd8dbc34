//go:build faults

package faults

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault33_StopUnderLoad: SIGTERM while samples arrive and queries run, and a page
// fires: it ends by itself, within 5 s where the machine is its own, Alertmanager is
// told of no end, and the next start goes on with the same page.
func TestFault33_StopUnderLoad(t *testing.T) {
	t.Parallel()
	s, feed, recorder := paging(t)
	sent := len(recorder.Sent(rig.FeedPage))

	ctx, leave := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for ctx.Err() == nil {
				ask(ctx, "http://"+s.Addr+"/api/v1/"+deadly[0], 10*time.Second)
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	played := make(chan error, 1)
	go func() { played <- feed.Play(15*time.Second, 0, 20) }()
	time.Sleep(soon(time.Second))
	took, err := s.Stop(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("stopped in %.1f s under load\n", took.Seconds())
	if took > 5*time.Second && *form != "short" {
		t.Errorf("want it stopped within 5 s, took %s", took)
	}
	leave()
	asking.Wait()
	heard(t, recorder, 1, 0)

	s.Start()
	s.Ready(30 * time.Second)
	if err := <-played; err != nil {
		t.Fatal(err)
	}
	proc.Until(t, 30*time.Second, "the page is sent again", func() error {
		if have := len(recorder.Sent(rig.FeedPage)); have <= sent {
			return fmt.Errorf("want more than %d sends, have %d", sent, have)
		}
		return nil
	})
	heal(t, feed)
	heard(t, recorder, 1, 1)
}
