package governance

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// TestQuantile: the nearest rank is a cost that some release really had.
func TestQuantile(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, c := range []struct {
		sorted  []float64
		q, want float64
	}{
		{[]float64{7}, 0.5, 7}, {[]float64{7}, 0.9, 7},
		{[]float64{1, 9}, 0.5, 1}, {[]float64{1, 9}, 0.9, 9},
		{[]float64{1, 5, 9}, 0.5, 5},
		{ten, 0.5, 5}, {ten, 0.9, 9}, // 9 of 10 cost no more than 9
		{ten, 0, 1}, {ten, 1, 10},
		{append(ten, 11), 0.9, 10},
	} {
		if have := quantile(c.sorted, c.q); have != c.want {
			t.Errorf("quantile %g of %v: want %g, have %g", c.q, c.sorted, c.want, have)
		}
	}
}

// TestForecast: what a forecast rests on, from the best to none, and it says so.
func TestForecast(t *testing.T) {
	o := &slo.Objective{Name: "availability", Windows: []slo.Window{slo.Rolling(30 * 24 * time.Hour)}}
	many := func(n int, v float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	recent := append(many(100, 0.02), many(50, 0.9)...) // what is long ago does not count
	for _, c := range []struct {
		name        string
		ofType, all []float64
		basis       govern.ForecastBasis
		n           int
		median, p90 float64
		says        string
	}{
		{"nothing is known", nil, nil, govern.BasisAssumed, 0, 0.05, 0.05, "5 % of the budget is assumed"},
		{"another type is", nil, many(12, 0.03), govern.BasisService, 12, 0.03, 0.03, "no cost of the type \"fix\" is known"},
		{"one of the type", []float64{0.01}, many(12, 0.03), govern.BasisType, 1, 0.01, 0.01, "costs what the last one did; that is little to go by"},
		{"many of the type", recent, recent, govern.BasisType, 100, 0.02, 0.02, "the last 100"},
		{"nine in ten are cheap", append(many(9, 0.01), 0.8), nil, govern.BasisType, 10, 0.01, 0.01, "the last 10"},
		{"two in ten are dear", append(many(8, 0.01), 0.7, 0.8), nil, govern.BasisType, 10, 0.01, 0.7, "the last 10"},
	} {
		f := forecast(o, "fix", c.ofType, c.all, 0.05)
		if f.Basis != c.basis || f.Releases != c.n || float64(f.MedianRatio) != c.median || float64(f.P90Ratio) != c.p90 {
			t.Errorf("%s: want %s of %d, %g and %g, have %+v", c.name, c.basis, c.n, c.median, c.p90, f)
		}
		if !strings.Contains(f.Assumption, c.says) || f.Window != "30d" || f.SLO != "availability" {
			t.Errorf("%s: want it to say %q, have %+v", c.name, c.says, f)
		}
	}
}

// TestForecastIgnoresOrder: costs come newest first, not sorted.
func TestForecastIgnoresOrder(t *testing.T) {
	o := &slo.Objective{Name: "a", Windows: []slo.Window{slo.Rolling(time.Hour)}}
	f := forecast(o, "release", []float64{0.3, 0.1, 0.2}, nil, 0.05)
	if have := float64(f.MedianRatio); math.Abs(have-0.2) > 0 {
		t.Errorf("want the median 0.2, have %g", have)
	}
}
