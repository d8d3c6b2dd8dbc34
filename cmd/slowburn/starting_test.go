package main

import (
	"testing"
)

// TestStarting: whoever asks too early hears which step is on and how far it has come.
func TestStarting(t *testing.T) {
	s := &starting{}
	says := func(want string) {
		t.Helper()
		if have := s.Error(); have != want {
			t.Errorf("want %q, have %q", want, have)
		}
	}
	says("starting: samples and budgets are being recovered")
	replay := s.opens("raw samples are read").Head.WALReplayStatus
	says("starting: raw samples are read")
	replay.Min, replay.Max, replay.Current = 3, 12, 3
	says("starting: raw samples are read, 0 %")
	replay.Current = 8
	says("starting: raw samples are read, 50 %")
	s.opens("the ledger is read")
	says("starting: the ledger is read")
	s.at("budgets are reckoned", -1)
	says("starting: budgets are reckoned")
	s.at("budgets are reckoned", 0.999)
	says("starting: budgets are reckoned, 99 %")
}
