package shop

import (
	"math"
	"time"
)

// meanPerSecond is how many requests a service gets in each region, on average.
var meanPerSecond = map[string]float64{Checkout: 60, Search: 150, Login: 40}

// perSecond is how many requests a place gets per second at ts, ms: twice as many in
// the evening as on average, few at night, a little more at weekends.
func perSecond(p place, ts int64) float64 {
	local := time.UnixMilli(ts).UTC()
	if p.region == US {
		local = local.Add(-6 * time.Hour)
	}
	hour := float64(local.Hour()) + float64(local.Minute())/60
	day := 1 + 0.6*math.Sin((hour-10)/24*2*math.Pi) + 0.15*math.Sin((hour-9)/12*2*math.Pi)
	if wd := local.Weekday(); wd == time.Saturday || wd == time.Sunday {
		day *= 1.15
	}
	return meanPerSecond[p.service] * day
}

// Quieter is the region in which a service has less to do at ts, ms.
func Quieter(service string, ts int64) string {
	if perSecond(place{service, EU}, ts) < perSecond(place{service, US}, ts) {
		return EU
	}
	return US
}
