package shop

import (
	"fmt"
	"time"
)

// Incident is a fault of the past: for a while some share of the requests to one
// service failed.
type Incident struct {
	Service string
	// Region is where; empty is everywhere.
	Region string
	// Start is when it began, ms.
	Start  int64
	Length time.Duration
	// Share of the requests that failed, 0–1.
	Share float64
}

func (i *Incident) validate() error {
	if meanPerSecond[i.Service] == 0 || i.Length <= 0 || i.Share <= 0 || i.Share > 1 {
		return fmt.Errorf("shop: incident of service %q, %s long, share %g: want one of the shop's services, a length and a share up to 1",
			i.Service, i.Length, i.Share)
	}
	return nil
}

// usual is the share of requests that fail on any day.
var usual = map[string]float64{Checkout: 0.00006, Search: 0.0003, Login: 0.0002}

// failing is the share of the requests to p in (from, to] that fail.
func (s *Shop) failing(p place, from, to int64) float64 {
	share := usual[p.service]
	for k := range s.incidents {
		i := &s.incidents[k]
		end := i.Start + millis(i.Length)
		if i.Service != p.service || i.Region != "" && i.Region != p.region || end <= from || i.Start >= to {
			continue
		}
		overlap := float64(min(to, end)-max(from, i.Start)) / float64(to-from)
		share = max(share, i.Share*overlap)
	}
	return max(share, s.broken[p])
}

// Month is the past of a shop whose history ends at end, ms: what made its people
// set objectives. The last four days were quiet, so that nothing of it still burns.
func Month(end int64) []Incident {
	day := 24 * time.Hour
	ago := func(d time.Duration) int64 { return end - millis(d) }
	return []Incident{
		{Checkout, EU, ago(22*day + 5*time.Hour), 11 * time.Minute, 0.30}, // a bad deploy, rolled back
		{Checkout, US, ago(16*day + 2*time.Hour), 4 * time.Minute, 0.60},  // a database failover
		{Checkout, "", ago(9*day + 7*time.Hour), 45 * time.Minute, 0.03},  // the card provider was slow
		{Search, "", ago(12*day + 3*time.Hour), 90 * time.Minute, 0.09},   // an index was rebuilt
		{Login, US, ago(6*day + 9*time.Hour), 20 * time.Minute, 0.25},     // an expired key
	}
}
