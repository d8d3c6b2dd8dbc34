//go:build faults

package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

// TestWire listens to what the program says to an Alertmanager about one page: every
// send moves its end 4 min ahead, and in the longer forms, that wait for it, it is sent
// once a minute. TestWire of alerting has the clock moved.
func TestWire(t *testing.T) {
	t.Parallel()
	_, feed, recorder := paging(t)
	if *form != "short" {
		stop := goOn(t, feed, 0, 20)
		time.Sleep(3*time.Minute + 10*time.Second)
		stop()
	}
	heal(t, feed)
	heard(t, recorder, 1, 1)

	sent := recorder.Sent(rig.FeedPage)
	for i, now := range sent {
		// What is on the way takes a moment.
		ahead := now.EndsAt.Sub(now.At).Round(10 * time.Second)
		if !now.Resolved() && ahead != 4*time.Minute {
			t.Errorf("send %d: want its end 4 min ahead, have %s", i, ahead)
		}
		if !now.StartsAt.Equal(sent[0].StartsAt) {
			t.Errorf("send %d: want the start %s, have %s", i, sent[0].StartsAt, now.StartsAt)
		}
		if i > 0 && !now.Resolved() {
			gap := now.At.Sub(sent[i-1].At).Round(10 * time.Second)
			if gap != time.Minute {
				t.Errorf("send %d: want it a minute after the last, have %s", i, gap)
			}
		}
	}
	if want := 4; *form != "short" && len(sent) < want {
		t.Errorf("want %d sends and the end, have %d", want, len(sent))
	}
	fmt.Printf("%d sends: ends 4 min ahead, one start\n", len(sent))
}
