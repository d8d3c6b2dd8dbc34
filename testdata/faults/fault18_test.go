//go:build faults

package faults

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"

	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault18_BombsAtOnce: sixteen senders at a time, each with a small body that says
// it is large, at a limit of 256 MiB. Each is refused, the process lives within its
// memory, and samples that come meanwhile and after are taken.
func TestFault18_BombsAtOnce(t *testing.T) {
	t.Parallel()
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"feed.yml": rig.FeedSLO})
	s.StartLimited("256MiB")
	s.Ready(20 * time.Second)
	feed := rig.NewFeed(t, s, 110*time.Second)
	play(t, feed, 5*time.Second, 20, 0)

	var mu sync.Mutex
	codes := map[int]int{}
	var senders sync.WaitGroup
	for k := range 16 {
		senders.Go(func() {
			for n := range times(4) {
				bomb := writeBombs[(k+n)%len(writeBombs)]
				code, _, err := postWrite(s, bomb.contentType, bomb.body())
				mu.Lock()
				if err != nil {
					t.Errorf("%s: %v", bomb.name, err)
				}
				codes[code]++
				mu.Unlock()
			}
		})
	}
	play(t, feed, 30*time.Second, 20, 0)
	senders.Wait()
	play(t, feed, 5*time.Second, 20, 0)

	for code := range codes {
		if code != http.StatusBadRequest && code != http.StatusRequestEntityTooLarge && code != http.StatusServiceUnavailable {
			t.Errorf("a bomb was answered with %d", code)
		}
	}
	peak, err := s.Peak()
	if err != nil || peak > 320<<20 {
		t.Errorf("memory: %d MiB, %v", peak>>20, err)
	}
	fmt.Printf("bombs answered, by code: %v; peak %d MiB\n", codes, peak>>20)
}

// writeBombs take little room on the wire and much once they are understood.
var writeBombs = []struct {
	name, contentType string
	body              func() []byte
}{
	{"declared size", "application/x-protobuf", func() []byte { return binary.AppendUvarint(nil, 1<<32-1) }},
	{"empty series", "application/x-protobuf", func() []byte { return snappy.Encode(nil, bytes.Repeat([]byte{0x0a, 0}, 15<<20)) }},
	{"metadata", "application/x-protobuf", func() []byte { return snappy.Encode(nil, bytes.Repeat([]byte{0x1a, 0}, 15<<20)) }},
	{"empty symbols", "application/x-protobuf;proto=io.prometheus.write.v2.Request", func() []byte {
		return snappy.Encode(nil, bytes.Repeat([]byte{0x22, 0}, 15<<20))
	}},
	{"empty series 2.0", "application/x-protobuf;proto=io.prometheus.write.v2.Request", func() []byte {
		return snappy.Encode(nil, append([]byte{0x22, 0}, bytes.Repeat([]byte{0x2a, 0}, 15<<20)...))
	}},
}
