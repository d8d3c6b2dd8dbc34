//go:build load

package load

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var (
	scrapes = flag.Int("scrapes", 60, "how many scrapes of 20,000 series each receiver gets")
	pace    = flag.Int("pace", 200_000, "samples a second while request times are measured")
)

// nothing reads no series of a fleet.
const nothing = "version: slowburn/v1\nservice: fleet\nobjectives: [{name: o, target: 99, sli: {events: {bad: 'other_total{code=\"500\"}', total: other_total}}}]\n"

// TestReceivers prints samples per CPU-second and p99 request times of slowburn and
// its peers, one after the other in one run.
func TestReceivers(t *testing.T) {
	fleet := Fleet{Services: 20, PerService: 1000}
	fmt.Printf("%d series of 8 labels, %d scrapes, %d samples a request, 2 senders\n", fleet.Size(), *scrapes, perRequest)
	fmt.Printf("%-20s %-8s %18s %8s %14s\n", "receiver", "protocol", "samples/CPU-second", "ratio", "p99 at pace")
	base := map[bool]float64{}
	for _, v2 := range []bool{false, true} {
		for _, start := range []func(testing.TB) *Receiver{
			startPrometheus,
			startVictoriaMetrics,
			func(t testing.TB) *Receiver { return startSlowburn(t, "slowburn, stored", fleet.SLOs()) },
			func(t testing.TB) *Receiver { return startSlowburn(t, "slowburn, unneeded", nothing) },
		} {
			fleet.V2 = v2
			t.Run("", func(t *testing.T) {
				r := start(t)
				if v2 && r.Name == "victoria-metrics" {
					return // It takes 1.0 only.
				}
				perCPU, p99 := measure(t, r, fleet)
				if base[v2] == 0 {
					base[v2] = perCPU
				}
				fmt.Printf("%-20s %-8s %18.0f %7.1fx %14s\n", r.Name, map[bool]string{false: "1.0", true: "2.0"}[v2],
					perCPU, perCPU/base[v2], p99.Round(10*time.Microsecond))
			})
		}
	}
}

// measure feeds scrapes as fast as they are taken, then as many at the pace. Event
// time ends at the wall clock: a scrape a second.
func measure(t *testing.T, r *Receiver, fleet Fleet) (samplesPerCPU float64, p99 time.Duration) {
	const warm = 3
	s := &Sender{URL: r.URL, V2: fleet.V2}
	defer s.client.CloseIdleConnections()
	begin := time.Now().Add(-time.Duration(2**scrapes+warm) * time.Second)
	next := 0
	scrape := func() [][]byte {
		next++
		return fleet.Scrape(next, begin.Add(time.Duration(next)*time.Second))
	}
	for range warm {
		if err := s.Scrape(scrape(), 2, 0); err != nil {
			t.Fatal(err)
		}
	}
	before := r.CPU(t)
	for range *scrapes {
		if err := s.Scrape(scrape(), 2, 0); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Second) // what was put off counts too
	samplesPerCPU = float64(*scrapes*fleet.Size()) / (r.CPU(t) - before).Seconds()

	s.P99()
	var bodies [][]byte
	for range *scrapes {
		bodies = append(bodies, scrape()...)
	}
	if err := s.Scrape(bodies, 2, *pace); err != nil {
		t.Fatal(err)
	}
	return samplesPerCPU, s.P99()
}
