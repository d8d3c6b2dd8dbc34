package tsdb_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slowburn/slowburn/tsdb"
)

// TestFault05_BatchesInAnyOrder sends batches, shuffled, doubled, mixed with bad
// samples and interrupted by restarts, and compares with a map.
func TestFault05_BatchesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		s := newStandOver(t, dir, tsdb.Options{}, nil)
		defer func() { s.db.Close() }()
		want := map[string]map[int64]float64{}
		fed := map[string]int{}
		// A sample that fixes the head's maximum, so that the model knows what is too old.
		top := ms + 100*15_000
		send(t, s, false, 204, series("top").at(top, 1))
		want[`{__name__="top"}`] = map[int64]float64{top: 1}
		fed[`{__name__="top"} t=1500000 v=1`]++
		tooOld := top - 6*3600*1000
		for range rapid.IntRange(1, 12).Draw(rt, "requests") {
			v2 := rapid.Bool().Draw(rt, "v2")
			refused := false
			var batch []sent
			for range rapid.IntRange(1, 5).Draw(rt, "series") {
				x := series("m", "i", fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "i")), "cluster", rapid.SampledFrom([]string{"", "eu"}).Draw(rt, "cluster"))
				if x.Labels[5] == "" {
					x.Labels = x.Labels[:4]
				}
				k := x.lset().String()
				if want[k] == nil {
					want[k] = map[int64]float64{}
				}
				for range rapid.IntRange(1, 6).Draw(rt, "samples") {
					ts := ms + int64(rapid.IntRange(0, 30).Draw(rt, "slot"))*15_000
					v := float64(ts % 7) // the same at each repetition
					switch rapid.IntRange(0, 12).Draw(rt, "kind") {
					case 0:
						v++
					case 1:
						ts = tooOld - 1
					case 2:
						ts = s.wall.UnixMilli() + 11*60_000
					}
					x = x.at(ts, v)
				}
				batch = append(batch, x)
			}
			// The model: a source's items in order, source after source.
			var order []string
			for _, x := range batch {
				src := x.lset().Get("cluster")
				if !slices.Contains(order, src) {
					order = append(order, src)
				}
			}
			future, total := 0, 0
			for _, src := range order {
				for _, x := range batch {
					if x.lset().Get("cluster") != src {
						continue
					}
					k := x.lset().String()
					for _, p := range x.Samples {
						total++
						have, is := want[k][p.Timestamp]
						switch {
						case p.Timestamp > s.wall.UnixMilli()+10*60_000:
							future++
							refused = true
						case is:
							refused = refused || have != p.Value
						case p.Timestamp < tooOld:
							refused = true
						default:
							want[k][p.Timestamp] = p.Value
							fed[fmt.Sprintf("%s t=%d v=%g", k, p.Timestamp-ms, p.Value)]++
						}
					}
				}
			}
			code := 204
			if refused {
				code = 400
			}
			body, ct := encode(t, v2, batch...)
			w := post(s, body, ct)
			if w.Code != code && !(w.Code == 503 && future > 0) {
				rt.Fatalf("want %d, have %d: %s\n%+v", code, w.Code, w.Body, batch)
			}
			if rapid.IntRange(0, 5).Draw(rt, "restart") == 0 {
				old := s
				s = newStandOver(t, killed(t, s.dir), tsdb.Options{}, nil)
				s.sink.fed = old.sink.take()
				s.wall, s.mono = old.wall, old.mono
				old.db.Close()
			}
		}
		got := map[string]map[int64]float64{}
		for k, ps := range read(t, s.db) {
			got[k] = map[int64]float64{}
			for _, p := range ps {
				if _, twice := got[k][p.T]; twice {
					rt.Fatalf("%s holds %d twice", k, p.T)
				}
				got[k][p.T] = p.V
			}
		}
		for k, ps := range want {
			if len(ps) == 0 {
				delete(want, k)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("stored (-want +got):\n%s", d)
		}
		have := map[string]int{}
		for _, x := range s.sink.take() {
			have[x]++
		}
		if d := cmp.Diff(fed, have); d != "" {
			rt.Fatalf("fed (-want +got):\n%s", d)
		}
	})
}

// TestFault05_ASourceThatReplaysAnOutage sends two hours in order, behind another
// source that is up to date.
func TestFault05_ASourceThatReplaysAnOutage(t *testing.T) {
	s := newStand(t, nil)
	live, late := series("m", "cluster", "live"), series("m", "cluster", "late")
	begin := s.wall.UnixMilli() - 5*3600*1000
	send(t, s, false, 204, live.at(s.wall.UnixMilli(), 1), late.at(begin, 0))
	var want []point
	want = append(want, point{begin, 0})
	for i := int64(1); i <= 480; i++ {
		p := point{begin + i*15_000, float64(i)}
		want = append(want, p)
		send(t, s, i%2 == 0, 204, late.at(p.T, p.V))
	}
	if d := cmp.Diff(want, read(t, s.db)[late.lset().String()]); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	if n := s.counter("slowburn_ingest_series_lookups_total"); n > 1 {
		t.Errorf("%d lookups for samples in order", n)
	}
}
