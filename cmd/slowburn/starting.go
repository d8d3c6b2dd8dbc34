package main

import (
	"fmt"
	"math"
	"sync"

	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// starting is how far a start has come, as the answer to whoever comes too early and as
// what the page shows meanwhile.
type starting struct {
	mu   sync.Mutex
	step string
	// done is which share of the step is, 0–1, negative if nobody knows. wal knows it of
	// a database whose WAL is read; else it is nil.
	done float64
	wal  *promtsdb.DBStats
}

// at says which step is on, and which share of it is done, 0–1; negative: nobody knows.
func (s *starting) at(step string, done float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.done, s.wal = step, done, nil
}

// opens says that a database begins to be opened, which tells stats how far it is.
func (s *starting) opens(step string) (stats *promtsdb.DBStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.done, s.wal = step, -1, promtsdb.NewDBStats()
	return s.wal
}

// Error says which step is on, and how much of it is done.
func (s *starting) Error() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.step == "" {
		return errStarting.Error()
	}
	text, done := "starting: "+s.step, s.done
	if s.wal != nil {
		segments := s.wal.Head.WALReplayStatus.GetWALReplayStatus()
		if of := segments.Max - segments.Min + 1; segments.Max > 0 {
			done = float64(segments.Current-segments.Min) / float64(of)
		}
	}
	if done >= 0 {
		text += fmt.Sprintf(", %.0f %%", math.Floor(100*done))
	}
	return text
}
