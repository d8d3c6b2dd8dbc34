//go:build faults

package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// shopSLO reads what a rig.Shop counts.
const shopSLO = `version: slowburn/v1
service: shop
owner: team-shop
objectives:
  - name: availability
    target: 99.9
    windows: [1d]
    sli:
      events:
        bad: http_requests_total{job="shop",code=~"5.."}
        total: http_requests_total{job="shop"}
`

// everything is what slowburn keeps in the tests that compare all of it.
const everything = "ingest: {keep: all, failover: 5s}\n"

// serve sends customers to a shop, who leave when leave is called and stay away.
func serve(t *testing.T, shop *rig.Shop, perSecond int) (leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); shop.Serve(ctx, perSecond) }()
	leave = func() { cancel(); <-gone }
	t.Cleanup(leave)
	return leave
}

// hears waits until slowburn has got samples of the shop.
func hears(t *testing.T, s *rig.Slowburn) {
	t.Helper()
	proc.Until(t, 30*time.Second, "slowburn hears of the shop", func() error {
		_, err := s.Value(t, `up{job="shop"}`)
		return err
	})
}

// holdsAll waits until slowburn holds every sample that Prometheus's own TSDB has
// between two times, and nothing else.
func holdsAll(t *testing.T, s *rig.Slowburn, p *rig.Prometheus, from, to time.Time) (series, samples int) {
	t.Helper()
	proc.Until(t, time.Minute, "slowburn holds what Prometheus does", func() error {
		want, err := rig.Raw(p.API(t), `{job="shop"}`, from, to)
		if err != nil {
			return err
		}
		have, err := rig.Raw(s.API(t), `{job="shop"}`, from, to)
		if err != nil {
			return err
		}
		if d := cmp.Diff(want, have); d != "" {
			return fmt.Errorf("samples (-Prometheus +slowburn):\n%.2000s", d)
		}
		series, samples = len(want), 0
		for _, s := range want {
			samples += len(s)
		}
		if samples == 0 {
			return fmt.Errorf("Prometheus holds nothing")
		}
		return nil
	})
	return series, samples
}

// TestFault05_AnOutageIsReplayed: what Prometheus could not send while slowburn was
// away is there in the end, sample by sample, with both protocols.
func TestFault05_AnOutageIsReplayed(t *testing.T) {
	for name, protocol := range map[string]rig.Protocol{"RemoteWrite1": rig.RemoteWrite1, "RemoteWrite2": rig.RemoteWrite2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1")+everything, map[string]string{"shop.yml": shopSLO})
			s.Start()
			s.Ready(20 * time.Second)
			shop := rig.NewShop(t)
			serve(t, shop, 20)
			p := rig.StartPrometheus(t, protocol, shop.Target, s.Addr)
			hears(t, s)
			from := time.Now()
			time.Sleep(2 * time.Second)
			s.Kill()
			time.Sleep(time.Duration(times(6)) * time.Second)
			s.Start()
			s.Ready(20 * time.Second)
			time.Sleep(3 * time.Second)
			series, samples := holdsAll(t, s, p, from, time.Now())
			fmt.Printf("%s: %d s away, %d samples of %d series are the same in Prometheus and slowburn\n", name, times(6), samples, series)
		})
	}
}
