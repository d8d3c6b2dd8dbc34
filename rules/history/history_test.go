package history_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/rules/history"
	"github.com/slowburn/slowburn/slo"
)

const slot = 15 * time.Second

// TestAtEqualsBruteForce feeds random slots, gaps included, and asks for every
// window's start: the answer is the plain sum of all slots up to there.
func TestAtEqualsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := time.Duration(rapid.IntRange(1, 10).Draw(t, "days")) * 24 * time.Hour
		h := history.New(slot, longest)
		ends, sums := []int64{}, []history.Sum{}
		sum := history.Sum{}
		end := int64(1_700_000_000_000) / 15000 * 15000
		for range rapid.IntRange(1, 30).Draw(t, "runs") {
			end += rapid.Int64Range(0, 3000).Draw(t, "gap") * 15000
			scale := rapid.SampledFrom([]float64{0, 1, 300, 70_000, 5e9, 0.25}).Draw(t, "scale")
			for range rapid.IntRange(1, 2000).Draw(t, "slots") {
				end += 15000
				d := history.Sum{Total: scale * float64(end/15000%7), Bad: float64(end / 15000 % 2), Observed: 4, Expected: 4}
				if end/15000%97 == 0 {
					d.LateTotal, d.LateBad = 3, 1
				}
				sum = sum.Add(d)
				h.Append(end, d, slot)
				ends, sums = append(ends, end), append(sums, sum)
			}
		}
		at := func(ts int64) history.Sum {
			want := history.Sum{}
			for i := len(ends) - 1; i >= 0; i-- {
				if ends[i] <= ts {
					return sums[i]
				}
			}
			return want
		}
		for _, length := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, longest} {
			if length > longest {
				continue
			}
			newest := max(end-history.Behind.Milliseconds(), ends[0])
			for _, ts := range []int64{end, newest, rapid.Int64Range(newest/15000, end/15000).Draw(t, "window's end") * 15000} {
				start := slo.Rolling(length).Start(ts, slot)
				if want, have := at(start), h.At(start); want != have {
					t.Fatalf("%s before %d: want %+v, have %+v", length, end-ts, want, have)
				}
			}
		}
		back := end - rapid.Int64Range(0, longest.Milliseconds()).Draw(t, "back")
		if least, most, have := at(back-back%3_600_000), at(back), h.At(back); have.Total < least.Total || have.Total > most.Total {
			t.Fatalf("%d before the end: want between %+v and %+v, have %+v", end-back, least, most, have)
		}
		if h.At(end) != sum || h.At(end+15000) != sum || h.Sum() != sum {
			t.Fatalf("newest: want %+v, have %+v", sum, h.Sum())
		}
	})
}

// TestAt_AtEverySlot looks back from every slot, and from as far behind it as a budget
// is ever evaluated, while levels hand their oldest blocks on and let go of them.
func TestAt_AtEverySlot(t *testing.T) {
	longest := 7 * 24 * time.Hour
	h, next := history.New(slot, longest), traffic(1)
	sums := []history.Sum{{}}
	for len(sums) < 11*5760 {
		h.Append(h.End()+15000, next(), slot)
		sums = append(sums, h.Sum())
		for _, length := range []time.Duration{5 * time.Minute, 2 * time.Hour, 6 * time.Hour, 72 * time.Hour, longest} {
			for _, end := range []int64{h.End(), h.End() - history.Behind.Milliseconds()} {
				start := max(0, slo.Rolling(length).Start(end, slot))
				if want, have := sums[start/15000], h.At(start); want != have {
					t.Fatalf("%s before %d: want %+v, have %+v", length, end, want, have)
				}
			}
		}
	}
}

// TestMemory bounds what a history takes of the goals of DESIGN.md, 12 KiB a budget at
// 30 d and 24 KiB at 92 d: an engine needs 2 KiB for the rest of a budget.
func TestMemory(t *testing.T) {
	for _, c := range []struct {
		days, limit, histories int
	}{{30, 10 << 10, 20}, {92, 18 << 10, 6}} {
		all := make([]*history.History, c.histories)
		before := heap()
		for k := range all {
			all[k] = history.New(slot, time.Duration(c.days)*24*time.Hour)
			next := traffic(uint64(k))
			for range c.days*5760 + 1000*k {
				all[k].Append(all[k].End()+15000, next(), slot)
			}
		}
		have := (heap() - before) / len(all)
		t.Logf("%d days: %d bytes", c.days, have)
		if have > c.limit {
			t.Errorf("%d days: want at most %d bytes, have %d", c.days, c.limit, have)
		}
		runtime.KeepAlive(all)
	}
}

// heap is what lives. What pools hold lives until the second collection.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// BenchmarkSlot is what closing a slot and evaluating its default windows asks of a
// history.
func BenchmarkSlot(b *testing.B) {
	h := history.New(slot, 30*24*time.Hour)
	next := traffic(1)
	for range 30 * 5760 {
		h.Append(h.End()+15000, next(), slot)
	}
	var windows []slo.Window
	for _, l := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 720 * time.Hour} {
		windows = append(windows, slo.Rolling(l))
	}
	for b.Loop() {
		h.Append(h.End()+15000, next(), slot)
		for _, w := range windows {
			h.At(w.Start(h.End(), slot))
		}
	}
}

// traffic is what a service counts slot by slot: 100 requests a second at noon and a
// quarter of that at night, as random as requests are, of which one in a thousand fails.
func traffic(seed uint64) func() history.Sum {
	rnd := rand.New(rand.NewPCG(seed, 2))
	i := 0
	return func() history.Sum {
		i++
		mean := 1500 * (0.625 - 0.375*math.Cos(2*math.Pi*float64(i)/5760))
		total := math.Round(mean + math.Sqrt(mean)*rnd.NormFloat64())
		bad := 0.0
		for range 15 {
			if rnd.Float64() < total/15_000 {
				bad++
			}
		}
		return history.Sum{Total: total, Bad: bad, Observed: 10, Expected: 10}
	}
}

// TestEncode takes a history through its bytes and goes on with both: they stay
// equal. Cut or flipped bytes are an error or another valid history, never a panic.
func TestEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := 7 * 24 * time.Hour
		h := history.New(slot, longest)
		end := int64(1_700_000_000_000) / 15000 * 15000
		feed := func(to ...*history.History) {
			for range rapid.IntRange(0, 3000).Draw(t, "slots") {
				end += 15000 * rapid.SampledFrom([]int64{1, 1, 1, 1, 1, 1, 1, 30}).Draw(t, "gap")
				d := history.Sum{Total: float64(rapid.IntRange(0, 1<<17).Draw(t, "total")), Bad: float64(end / 15000 % 3), Observed: 4, Expected: 4.5}
				for _, h := range to {
					h.Append(end, d, slot)
				}
			}
		}
		feed(h)
		p, err := h.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		back := history.New(slot, longest)
		if err := back.UnmarshalBinary(p); err != nil {
			t.Fatal(err)
		}
		feed(h, back)
		for _, length := range []time.Duration{5 * time.Minute, 2 * time.Hour, 6 * time.Hour, 72 * time.Hour, longest} {
			start := slo.Rolling(length).Start(end, slot)
			if want, have := h.At(start), back.At(start); want != have {
				t.Fatalf("%s: want %+v, have %+v", length, want, have)
			}
		}
		if n := rapid.IntRange(0, len(p)-1).Draw(t, "cut"); n < len(p) {
			if history.New(slot, longest).UnmarshalBinary(p[:n]) == nil {
				t.Fatalf("want an error of %d of %d bytes", n, len(p))
			}
			flipped := append([]byte(nil), p...)
			flipped[n] ^= 0x55
			if other := history.New(slot, longest); other.UnmarshalBinary(flipped) == nil {
				other.Append(other.End()+15000, history.Sum{Total: 1}, slot)
				other.At(other.End() - 3_600_000)
			}
		}
		if history.New(slot, 2*longest).UnmarshalBinary(p) == nil {
			t.Fatal("want an error: the encoded history does not reach back far enough")
		}
	})
}
