package count_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/count"
)

// TestRecent compares with a plain sorted list: what it says it knows is right.
func TestRecent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r count.Recent
		r.SetWhole()
		var all []int64
		for range rapid.IntRange(1, 30).Draw(t, "samples") {
			x := rapid.Int64Range(1, 20).Draw(t, "t")
			prev, next, known := r.Neighbours(x)
			i, dup := slices.BinarySearch(all, x)
			j := i
			if dup {
				j++
			}
			if known {
				switch {
				case i == 0 && prev != nil, i > 0 && (prev == nil || prev.T != all[i-1]):
					t.Fatalf("before %d in %v: have %v", x, all, prev)
				}
			}
			if prev == nil && known && i > 0 {
				t.Fatalf("before %d in %v: said there is none", x, all)
			}
			if next != nil && (j == len(all) || known && next.T != all[j]) {
				t.Fatalf("after %d in %v: have %d", x, all, next.T)
			}
			r.Insert(count.Sample{T: x})
			if !dup {
				all = slices.Insert(all, i, x)
			}
			if r.Last().T != all[len(all)-1] {
				t.Fatalf("newest of %v: have %d", all, r.Last().T)
			}
			held := r.Samples()
			if !slices.IsSortedFunc(held, func(a, b count.Sample) int { return int(a.T - b.T) }) || r.Len() != min(count.Kept, r.Len()) || r.Oldest().T != held[0].T {
				t.Fatalf("holds %v", held)
			}
		}
	})
}

func TestCadence(t *testing.T) {
	for name, c := range map[string]struct {
		gaps []int64
		want int64
	}{
		"unknown":                {nil, 0},
		"steady":                 {[]int64{15000, 15000}, 15000},
		"jitter":                 {[]int64{15000, 15900, 14200, 15000}, 15000},
		"missed scrapes":         {[]int64{15000, 30000, 15000, 45000, 30000, 15000}, 15000},
		"faster at once":         {[]int64{60000, 15000}, 15000},
		"slower, the third time": {[]int64{15000, 60000, 60000, 60000}, 60000},
		"not slower yet":         {[]int64{15000, 60000, 60000}, 15000},
		"duplicates":             {[]int64{15000, 0, -15000}, 15000},
	} {
		var have count.Cadence
		for _, g := range c.gaps {
			have.Observe(g)
		}
		if have.Interval() != c.want {
			t.Errorf("%s: want %d, have %d", name, c.want, have.Interval())
		}
	}
}
