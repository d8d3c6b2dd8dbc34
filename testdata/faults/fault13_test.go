//go:build faults

package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault13_BadConfigWhileFiring: what cannot be meant changes nothing, and what is
// half written comes into force once it is whole. The page that fires is not touched.
func TestFault13_BadConfigWhileFiring(t *testing.T) {
	t.Parallel()
	recorder := rig.NewRecorder(t)
	good := rig.FeedConfig(recorder.Addr)
	s := rig.NewSlowburn(t, good, map[string]string{"feed.yml": rig.FeedSLO})
	s.Start()
	s.Ready(20 * time.Second)
	burn(t, rig.NewFeed(t, s, 110*time.Second))
	heard(t, recorder, 1, 0)

	loaded := func(want float64) func() error {
		return func() error { return s.Shows("slowburn_config_last_reload_successful", want) }
	}
	for _, bad := range []string{
		"", good[:len(good)/2], strings.Replace(good, "alertmanagers", "alertmanager", 1),
	} {
		s.WriteConfig(bad)
		s.Reload()
		proc.Until(t, 20*time.Second, "the broken configuration is refused", loaded(0))
		s.WriteConfig(good)
		s.Reload()
		proc.Until(t, 20*time.Second, "the good one is taken", loaded(1))
	}
	// As an editor writes it: first a part, then the rest.
	slower := strings.Replace(rig.FeedSLO, "name: requests", "name: other", 1) + strings.TrimPrefix(rig.FeedSLO, sloHead)
	s.WriteSLO("feed.yml", slower[:len(slower)-20])
	proc.Until(t, 20*time.Second, "the half of the SLO file is refused", loaded(0))
	s.WriteSLO("feed.yml", slower)
	proc.Until(t, 20*time.Second, "the whole of it is in force", loaded(1))
	if err := s.Shows("slowburn_config_objectives", 2); err != nil {
		t.Error(err)
	}
	heard(t, recorder, 1, 0)
}

// sloHead is what stands before the objectives of rig.FeedSLO.
var sloHead = rig.FeedSLO[:strings.Index(rig.FeedSLO, "  - name:")]
