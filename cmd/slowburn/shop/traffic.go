package shop

import (
	"math"
	"time"
)

// meanPerSecond is how many requests a service gets in Europe, on average; elsewhere
// it gets usRatio of that.
var meanPerSecond = map[string]float64{Checkout: 100, Search: 250, Login: 65}

// usRatio makes the US the small region at every hour: what breaks there alone is a
// page about the region long before it is one about the service (TestUSIsSmall).
const usRatio = 0.18

// perSecond is how many requests a place gets per second at ts, ms: half as many again
// in the evening as on average, few at night, a little more at weekends.
func perSecond(p place, ts int64) float64 {
	local, mean := time.UnixMilli(ts).UTC(), meanPerSecond[p.service]
	if p.region == US {
		local, mean = local.Add(-6*time.Hour), mean*usRatio
	}
	hour := float64(local.Hour()) + float64(local.Minute())/60
	day := 1 + 0.45*math.Sin((hour-10)/24*2*math.Pi) + 0.1*math.Sin((hour-9)/12*2*math.Pi)
	if wd := local.Weekday(); wd == time.Saturday || wd == time.Sunday {
		day *= 1.15
	}
	return mean * day
}
