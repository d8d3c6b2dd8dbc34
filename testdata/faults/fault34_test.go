//go:build faults

package faults

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

// usage is what a process holds.
type usage struct {
	descriptors, goroutines int
	resident                int // bytes
}

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d goroutines, %d MiB resident", u.descriptors, u.goroutines, u.resident>>20)
}

func uses(t *testing.T, s *rig.Slowburn) usage {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	goroutines, err := s.Metric("go_goroutines")
	if err != nil {
		t.Fatal(err)
	}
	resident, err := s.Metric("process_resident_memory_bytes")
	if err != nil {
		t.Fatal(err)
	}
	return usage{len(open), int(goroutines), int(resident)}
}

// TestFault34_Soak lives through the same day again and again: an outage and its end,
// queries, reloads, clients that leave, connections that say nothing. What slowburn holds
// after the last is what it held after the first. The long form takes 20 min.
func TestFault34_Soak(t *testing.T) {
	t.Parallel()
	recorder := rig.NewRecorder(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(recorder.Addr), map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	day := func(n int) {
		play(t, feed, 5*time.Second, 20, 0)
		play(t, feed, 5*time.Second, 10, 10)
		for i := range 20 {
			patience := 10 * time.Second
			if i%2 == 0 {
				patience = 5 * time.Millisecond
			}
			ask(context.Background(), "http://"+s.Addr+"/api/v1/"+deadly[i%len(deadly)], patience)
			ask(context.Background(), "http://"+s.Addr+"/api/slo/v1/budgets", patience)
			if c, err := net.Dial("tcp", s.Addr); err == nil {
				fmt.Fprint(c, "GET / HTTP/1.1\r\n")
				c.Close()
			}
		}
		s.WriteSLO("feed.yml", string(bytes.Replace([]byte(rig.FeedSLO), []byte("99.9"), fmt.Appendf(nil, "99.%d", 1+n%9), 1)))
		s.Reload()
	}
	for n := range 3 {
		day(n)
	}
	first := settled(t, s)
	fmt.Println("after 3 rounds:", first)
	for n := range times(2) {
		day(n)
	}
	last := settled(t, s)
	fmt.Printf("after %d more: %s\n", times(2), last)
	if last.descriptors > first.descriptors+10 || last.goroutines > first.goroutines+10 {
		t.Errorf("want no more than at first, %s, have %s", first, last)
	}
	// A short run is still filling its caches.
	if *form == "long" && last.resident > first.resident*5/4 {
		t.Errorf("want the memory of the beginning, %d MiB, have %d MiB", first.resident>>20, last.resident>>20)
	}
}

// settled is what is left once nothing of the last round is going on.
func settled(t *testing.T, s *rig.Slowburn) usage {
	t.Helper()
	least := uses(t, s)
	for range 15 {
		time.Sleep(100 * time.Millisecond)
		now := uses(t, s)
		least.descriptors, least.goroutines = min(least.descriptors, now.descriptors), min(least.goroutines, now.goroutines)
		least.resident = now.resident
	}
	return least
}
