//go:build faults

package faults

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

var form = flag.String("form", "short", "how much to break: short, minute or long")

func TestMain(m *testing.M) {
	flag.Parse()
	if forms[*form] == 0 {
		fmt.Fprintf(os.Stderr, "-form=%s: want short, minute or long\n", *form)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// forms are how many times as much each form breaks than the short one. The minute
// form of row 16 makes over 100 restarts, the long one of row 1 over 200 kills.
var forms = map[string]int{"short": 1, "minute": 12, "long": 60}

// times scales the short form's number.
func times(short int) int { return short * forms[*form] }

// soon is a random moment of at most most, but not at once.
func soon(most time.Duration) time.Duration {
	return 50*time.Millisecond + rand.N(most)
}

// restartWhile runs play, and meanwhile kills and starts slowburn the given number
// of times at random moments, whether it was ready by then or not. Once the last
// start is ready it closes stop, upon which play is to return.
func restartWhile(t *testing.T, s *rig.Slowburn, restarts int, play func(stop <-chan struct{}) error) {
	t.Helper()
	stop, played := make(chan struct{}), make(chan error, 1)
	go func() { played <- play(stop) }()
	for range restarts {
		select {
		case err := <-played:
			t.Fatalf("it ended before its time: %v", err)
		case <-time.After(soon(time.Second)):
		}
		s.Kill()
		s.Start()
	}
	s.Ready(30 * time.Second)
	close(stop)
	if err := <-played; err != nil {
		t.Fatal(err)
	}
}
