//go:build faults

package faults

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// TestFault09_OneOfTwoReplicasDies: two Prometheis watch the same shop. The elected
// one is killed; what customers did is counted once, before and after.
func TestFault09_OneOfTwoReplicasDies(t *testing.T) {
	t.Parallel()
	const perSecond = 20
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1")+everything, map[string]string{"shop.yml": shopSLO})
	s.Start()
	s.Ready(20 * time.Second)
	shop := rig.NewShop(t)
	replicas := map[string]*rig.Prometheus{}
	for _, name := range []string{"r1", "r2"} {
		replicas[name] = rig.StartReplica(t, rig.RemoteWrite2, shop.Target, s.Addr, name)
	}
	elected := func(name string) error {
		have, err := s.Metric(fmt.Sprintf("slowburn_ingest_elected_replica{source=%q,replica=%q}", "e2e/one", name))
		if err == nil && have != 1 {
			err = fmt.Errorf("want 1, have %g", have)
		}
		return err
	}
	var first, second string
	proc.Until(t, 30*time.Second, "one of them is elected", func() error {
		for one, other := range map[string]string{"r1": "r2", "r2": "r1"} {
			if elected(one) == nil {
				first, second = one, other
				return nil
			}
		}
		return fmt.Errorf("neither")
	})
	proc.Until(t, 30*time.Second, "the other is heard and left out", func() error {
		have, err := s.Metric(`slowburn_ingest_samples_dropped_total{reason="unelected"}`)
		if err == nil && have == 0 {
			err = fmt.Errorf("nothing was left out")
		}
		return err
	})
	leave := serve(t, shop, perSecond)
	time.Sleep(time.Duration(times(4)) * time.Second)
	replicas[first].Kill()
	proc.Until(t, time.Minute, "the other is elected", func() error { return elected(second) })
	time.Sleep(time.Duration(times(4)) * time.Second)
	leave()

	truth := shop.Truth(t)
	var total float64
	proc.Until(t, 90*time.Second, "the ledger holds what the shop counted, but for one scrape", func() (err error) {
		total, err = s.Value(t, `slo_events_total{slo="availability"}`)
		if err == nil && math.Abs(total-truth.Total) > perSecond {
			err = fmt.Errorf("want %v, have %v", truth.Total, total)
		}
		return err
	})
	fmt.Printf("replica %s took over from %s: %.0f requests, %.0f counted\n", second, first, truth.Total, total)
}
