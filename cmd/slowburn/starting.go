package main

import (
	"fmt"
	"sync"

	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// starting is how far a start has come, as the answer to whoever comes too early and as
// what the page shows meanwhile.
type starting struct {
	mu   sync.Mutex
	step string
	wal  *promtsdb.DBStats // of the database whose WAL is read; else nil
}

// begins says that a step begins.
func (s *starting) begins(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.wal = step, nil
}

// opens says that a database begins to be opened, which tells stats how far it is.
func (s *starting) opens(step string) (stats *promtsdb.DBStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.wal = step, promtsdb.NewDBStats()
	return s.wal
}

// Error says which step is on, and its share of WAL segments read.
func (s *starting) Error() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := errStarting.Error()
	if s.step != "" {
		text = "starting: " + s.step
	}
	if s.wal == nil {
		return text
	}
	segments := s.wal.Head.WALReplayStatus.GetWALReplayStatus()
	if of := segments.Max - segments.Min + 1; segments.Max > 0 {
		text += fmt.Sprintf(", %d %%", 100*(segments.Current-segments.Min)/of)
	}
	return text
}
