package proc

import (
	"testing"
	"time"
)

// Until calls check about twenty times a second until it returns nil, and ends the test with
// its last error after within. It returns how long it took.
func Until(t testing.TB, within time.Duration, what string, check func() error) time.Duration {
	t.Helper()
	begin := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return time.Since(begin)
		}
		if time.Since(begin) > within {
			t.Fatalf("%s: not after %s: %v", what, within, err)
		}
		<-tick.C
	}
}

// Always calls check about ten times a second for the whole of during, and ends
// the test with its first error.
func Always(t testing.TB, during time.Duration, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(during); time.Now().Before(end); <-tick.C {
		if err := check(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}
