package governance

import (
	"math"
	"testing"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// TestKnownValues compares both tests with published results.
func TestKnownValues(t *testing.T) {
	for _, c := range []struct {
		source         string
		canary, stable sample
		have           func(canary, stable sample) float64
		want, digits   float64
	}{
		// R. A. Fisher, The Design of Experiments, ch. 2: the lady tells 3 of 4 cups right
		// by chance in 17 of 70 cases, all 4 in 1 of 70.
		{"tea, 3 of 4", sample{3, 4}, sample{1, 4}, fisher, 17.0 / 70, 1e-12},
		{"tea, 4 of 4", sample{4, 4}, sample{0, 4}, fisher, 1.0 / 70, 1e-12},
		// Montgomery, Runger: Applied Statistics and Probability for Engineers, 3rd ed.,
		// example S10-1: 8 of 10 rolls against 4 of 10: P = 0.0750 + 0.0095 + 0.0003.
		{"rolls of cloth", sample{8, 10}, sample{4, 10}, fisher, 0.0848, 1.5e-4},
		// The same, example 10-14: 27 of 100 patients against 19 of 100: z = 1.34,
		// two-sided P = 0.18, so one-sided half of it.
		{"St John's wort", sample{27, 100}, sample{19, 100}, twoProportions, 0.0894, 5e-4},
		// Normal table: z = 1.645 leaves 5 %. 0.6 against 0.5 with pooled 0.55 and
		// n = 133.95 each is that z.
		{"one-sided 5 %", sample{0.6 * 133.95, 133.95}, sample{0.5 * 133.95, 133.95}, twoProportions, 0.05, 5e-5},
		{"no difference", sample{50, 1000}, sample{500, 10000}, twoProportions, 0.5, 1e-12},
		{"nothing is bad", sample{0, 1000}, sample{0, 1000}, fisher, 1, 0},
		{"all is bad", sample{100, 100}, sample{100, 100}, twoProportions, 1, 0},
	} {
		if have := c.have(c.canary, c.stable); !(math.Abs(have-c.want) <= c.digits) {
			t.Errorf("%s: want p = %g, have %g", c.source, c.want, have)
		}
	}
}

// TestFisherIsExact compares with a sum over products of whole numbers, both tails.
func TestFisherIsExact(t *testing.T) {
	over := func(n, k int) float64 {
		v := 1.0
		for i := range k {
			v = v * float64(n-i) / float64(i+1)
		}
		return v
	}
	for n := 1; n <= 12; n++ {
		for m := 1; m <= 12; m++ {
			for x := 0; x <= n; x++ {
				for y := 0; y <= m; y++ {
					want := 0.0
					for k := x; k <= min(n, x+y); k++ {
						if x+y-k <= m {
							want += over(n, k) * over(m, x+y-k)
						}
					}
					want /= over(n+m, x+y)
					have := fisher(sample{float64(x), float64(n)}, sample{float64(y), float64(m)})
					if math.Abs(have-want) > 1e-9 {
						t.Fatalf("%d of %d against %d of %d: want %g, have %g", x, n, y, m, want, have)
					}
				}
			}
		}
	}
}

// TestFewBadEventsAreCountedExactly: under five on either side it is Fisher's test, and
// with millions of events it stays fast and finite.
func TestFewBadEventsAreCountedExactly(t *testing.T) {
	for _, c := range []struct {
		canary, stable sample
		test           string
	}{
		{sample{4, 1000}, sample{50, 10000}, "fisher"}, {sample{50, 1000}, sample{4, 10000}, "fisher"},
		{sample{5, 1000}, sample{5, 10000}, "z"}, {sample{3, 1e8}, sample{2e6, 1e9}, "fisher"}, {sample{2e6, 1e8}, sample{1, 1e9}, "fisher"},
	} {
		if test, p := worse(c.canary, c.stable); test != c.test || !(p >= 0 && p <= 1) {
			t.Errorf("%v against %v: want %s, have %s with p = %g", c.canary, c.stable, c.test, test, p)
		}
	}
}

func TestJudge(t *testing.T) {
	o := &slo.Objective{Name: "availability"}
	for _, c := range []struct {
		canary, stable slo.Counts
		want           govern.Verdict
	}{
		{slo.Counts{Bad: 30, Total: 1000}, slo.Counts{Bad: 100, Total: 10000}, govern.Fail},
		{slo.Counts{Bad: 10, Total: 1000}, slo.Counts{Bad: 100, Total: 10000}, govern.Pass},
		{slo.Counts{Bad: 1, Total: 1000}, slo.Counts{Bad: 100, Total: 10000}, govern.Pass},
		{slo.Counts{Bad: 4, Total: 150}, slo.Counts{Bad: 0, Total: 10000}, govern.Fail},
		// Too little to tell, however bad it looks.
		{slo.Counts{Bad: 99, Total: 99}, slo.Counts{Bad: 100, Total: 10000}, govern.Unknown},
		{slo.Counts{Bad: 9, Total: 900}, slo.Counts{Bad: 0, Total: 99}, govern.Unknown},
		{slo.Counts{}, slo.Counts{}, govern.Unknown},
	} {
		if have := judge(o, c.canary, c.stable, 100, 0.05); have.Verdict != c.want || have.Reason == "" {
			t.Errorf("%v against %v: want %s, have %+v", c.canary, c.stable, c.want, have)
		}
	}
}
