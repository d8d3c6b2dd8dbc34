package count_test

import (
	"fmt"
	"testing"

	"github.com/slowburn/slowburn/rules/count"
)

// TestBirths follows rule 2 of DESIGN.md: two earlier scrapes of the family, the last
// at most three intervals ago, after observation began, and a value of at most ten
// times the family's gain in this scrape or the one before, plus ten.
func TestBirths(t *testing.T) {
	const s = 15000
	for name, c := range map[string]struct {
		scrapes []int64 // before the birth, which is at 10·s
		gain    float64 // by its siblings in the same scrape
		usual   float64 // by them in the scrape before
		since   int64
		value   float64
		want    bool
	}{
		"seen twice":                 {[]int64{8 * s, 9 * s}, 100, 0, 1, 5, true},
		"seen once":                  {[]int64{9 * s}, 100, 0, 1, 5, false},
		"never seen":                 {nil, 0, 0, 1, 5, false},
		"three intervals ago":        {[]int64{6 * s, 7 * s}, 100, 0, 1, 5, true},
		"longer ago":                 {[]int64{5 * s, 6 * s}, 100, 0, 1, 5, false},
		"before observation began":   {[]int64{8 * s, 9 * s}, 100, 0, 8 * s, 5, false},
		"just plausible":             {[]int64{8 * s, 9 * s}, 100, 0, 1, 1010, true},
		"implausible":                {[]int64{8 * s, 9 * s}, 100, 0, 1, 1011, false},
		"small beside nothing":       {[]int64{8 * s, 9 * s}, 0, 0, 1, 10, true},
		"large beside nothing":       {[]int64{8 * s, 9 * s}, 0, 0, 1, 11, false},
		"an outage from the last on": {[]int64{8 * s, 9 * s}, 0, 100, 1, 1010, true},
	} {
		for _, order := range []string{"gain first", "birth first", "birth late"} {
			var f count.Family
			for i, ts := range c.scrapes {
				f.Scrape(ts)
				if i == len(c.scrapes)-1 {
					f.Gain(ts, c.usual)
				}
			}
			now := int64(10 * s)
			var b *count.Birth
			if order == "birth late" {
				// The siblings' next scrape is here already.
				f.Scrape(now)
				f.Gain(now, c.gain)
				f.Scrape(now + s)
				b = f.Begin(count.Sample{T: now, V: c.value})
			} else {
				f.Scrape(now)
				if order == "gain first" {
					f.Gain(now, c.gain)
				}
				b = f.Begin(count.Sample{T: now, V: c.value})
				if order == "birth first" {
					f.Gain(now, c.gain)
				}
			}
			if order == "birth late" && c.usual > 0 {
				continue // of gains, those of two scrapes are remembered
			}
			if have := b.UnderObservation(c.since, c.value); have != c.want {
				t.Errorf("%s, %s: want %v, have %v", name, order, c.want, have)
			}
		}
	}
}

// BenchmarkScrape is one sample of a family of which so many births wait for their slot
// to close, as after a target's first scrape: what they cost each other.
func BenchmarkScrape(b *testing.B) {
	for _, births := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("births=%d", births), func(b *testing.B) {
			var f count.Family
			f.Scrape(15000)
			for range births {
				f.Begin(count.Sample{T: 15000})
			}
			for b.Loop() {
				f.Scrape(30000)
			}
		})
	}
}
