package governance

import "math"

// sample is what one side of a comparison counted, events.
type sample struct{ bad, total float64 }

func (s sample) ratio() float64 { return s.bad / s.total }

// fewBad is under how many bad events on either side the normal approximation is not
// trusted and the exact test is made.
const fewBad = 5

// worse is how likely it is that the canary has so many bad events by chance, if its
// error ratio is no greater than the stable side's: the one-sided p-value, and the
// test's name. Both sides must have events.
func worse(canary, stable sample) (test string, p float64) {
	if canary.bad < fewBad || stable.bad < fewBad {
		return "fisher", fisher(canary, stable)
	}
	return "z", twoProportions(canary, stable)
}

// twoProportions is the one-sided two-proportion z test with the pooled ratio
// (NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3).
func twoProportions(canary, stable sample) float64 {
	pooled := (canary.bad + stable.bad) / (canary.total + stable.total)
	deviation := math.Sqrt(pooled * (1 - pooled) * (1/canary.total + 1/stable.total))
	if deviation == 0 {
		return 1 // all events are bad, or none: the sides do not differ
	}
	return math.Erfc((canary.ratio()-stable.ratio())/deviation/math.Sqrt2) / 2
}

// fisher is Fisher's exact test, one-sided: the hypergeometric probability of at
// least so many of all bad events on the canary's side. Fractions of events, which
// interpolated histograms have, are rounded.
func fisher(canary, stable sample) float64 {
	k, bad := math.Round(canary.bad), math.Round(canary.bad)+math.Round(stable.bad)
	n, all := math.Round(canary.total), math.Round(canary.total)+math.Round(stable.total)
	low, high := max(0, n+bad-all), min(bad, n)
	probability := func(x float64) float64 {
		return math.Exp(choose(bad, x) + choose(all-bad, n-x) - choose(all, n))
	}
	// The shorter tail is summed: at most some events where either side has few.
	if k-low < high-k {
		below := 0.0
		for x := low; x < k; x++ {
			below += probability(x)
		}
		return max(0, 1-below)
	}
	sum := 0.0
	for x := k; x <= high; x++ {
		sum += probability(x)
	}
	return min(1, sum)
}

// choose is the logarithm of n over k.
func choose(n, k float64) float64 {
	lg := func(x float64) float64 { v, _ := math.Lgamma(x + 1); return v }
	return lg(n) - lg(k) - lg(n-k)
}
