//go:build load

package load

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	scrapes = flag.Int("scrapes", 120, "how many scrapes of 20,000 series each receiver gets")
	pace    = flag.Int("pace", 200_000, "samples a second while request times are measured")
)

// nothing reads no series of a fleet.
const nothing = "version: slowburn/v1\nservice: fleet\nobjectives: [{name: o, target: 99, sli: {events: {bad: 'other_total{code=\"500\"}', total: other_total}}}]\n"

// apart is how far apart scrapes lie in event time.
const apart = 500 * time.Millisecond

// TestReceivers prints samples per CPU-second and p99 request times of slowburn and
// its peers. They get their scrapes in turn, each time in another order, so that
// whatever else the machine does weighs on all of them alike, and what one leaves of
// the processor's caches to the next. Only request times are taken one after the other,
// while the others are stopped; beside them stands how long the receiver waited for a
// core, a request: what it waits for is another's.
func TestReceivers(t *testing.T) {
	fleet := Fleet{Services: 20, PerService: 1000}
	fmt.Printf("%d series of 8 labels, %d scrapes, %d samples a request, 2 senders\n", fleet.Size(), *scrapes, perRequest)
	fmt.Printf("%-20s %-8s %18s %8s %14s %14s\n", "receiver", "protocol", "samples/CPU-second", "ratio", "p99 at pace", "waited")
	for _, v2 := range []bool{false, true} {
		fleet.V2 = v2
		t.Run(protocol(v2), func(t *testing.T) { compare(t, fleet) })
	}
}

func protocol(v2 bool) string {
	if v2 {
		return "2.0"
	}
	return "1.0"
}

func compare(t *testing.T, fleet Fleet) {
	var all []*measured
	add := func(r *Receiver) { all = append(all, &measured{Receiver: r, sender: Sender{URL: r.URL, V2: fleet.V2}}) }
	add(startPrometheus(t))
	if !fleet.V2 { // it takes 1.0 only
		add(startVictoriaMetrics(t))
	}
	add(startSlowburn(t, "slowburn, stored", fleet.SLOs()))
	add(startSlowburn(t, "slowburn, unneeded", nothing))

	// Event time ends at the wall clock.
	const warm = 3
	begin := time.Now().Add(-time.Duration(2**scrapes+warm) * apart)
	scrape := func(n int) [][]byte { return fleet.Scrape(n, begin.Add(time.Duration(n)*apart)) }
	for n := range warm + *scrapes {
		bodies := scrape(n)
		for _, i := range rand.Perm(len(all)) {
			m := all[i]
			if n == warm {
				m.before = m.CPU(t)
			}
			if err := m.sender.Scrape(bodies, 2, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	time.Sleep(3 * time.Second) // what was put off counts too
	for _, m := range all {
		m.perCPU = float64(*scrapes*fleet.Size()) / (m.CPU(t) - m.before).Seconds()
	}
	var bodies [][]byte
	for n := range *scrapes {
		bodies = append(bodies, scrape(warm+*scrapes+n)...)
	}
	for _, m := range all {
		m.Freeze(t)
	}
	defer func() {
		for _, m := range all {
			m.Thaw(t)
		}
	}()
	for _, m := range all {
		m.Thaw(t)
		m.sender.P99() // forgets those at full speed
		waited := m.Waited(t)
		if err := m.sender.Scrape(bodies, 2, *pace); err != nil {
			t.Fatal(err)
		}
		waited = (m.Waited(t) - waited) / time.Duration(len(bodies))
		m.Freeze(t)
		fmt.Printf("%-20s %-8s %18.0f %7.2fx %14s %14s\n", m.Name, protocol(fleet.V2), m.perCPU, m.perCPU/all[0].perCPU,
			m.sender.P99().Round(10*time.Microsecond), waited.Round(10*time.Microsecond))
		m.sender.client.CloseIdleConnections()
	}
}

// measured is a receiver and what is known of it so far.
type measured struct {
	*Receiver
	sender Sender
	before time.Duration // CPU time
	perCPU float64       // samples
}
