package tsdb_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"github.com/slowburn/slowburn/tsdb"
)

// scrape is one sample of the story's series: who sent it, seconds after ms, its value
// and, if not 0, its start timestamp, seconds after ms.
type scrape struct {
	replica string
	t       int64
	v       float64
	st      int64
}

// TestFault09_AFallAtASwitch: the first sample of the replica that takes over is left
// out if it is lower than the last one stored; the second decides.
func TestFault09_AFallAtASwitch(t *testing.T) {
	for name, c := range map[string]struct {
		metric  string
		scrapes []scrape // 15 s apart; r1 is silent from its last on
		restart int      // before this one, if not 0
		want    []point  // seconds and value
		left    uint64   // samples left out
	}{
		"no fall":                   {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 103, 0}, {"r2", 55, 104, 0}}, 0, []point{{0, 100}, {40, 103}, {55, 104}}, 0},
		"no reset":                  {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 98, 0}, {"r2", 55, 104, 0}}, 0, []point{{0, 100}, {55, 104}}, 1},
		"a reset":                   {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 3, 0}, {"r2", 55, 8, 0}}, 0, []point{{0, 100}, {55, 8}}, 1},
		"known to be a reset":       {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 3, 30}, {"r2", 55, 8, 30}}, 0, []point{{0, 100}, {40, 3}, {55, 8}}, 0},
		"a fall of the same":        {"a_total", []scrape{{"r1", 0, 100, -9}, {"r2", 40, 98, -9}, {"r2", 55, 104, -9}}, 0, []point{{0, 100}, {55, 104}}, 1},
		"told twice":                {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 98, 0}, {"r2", 40, 98, 0}, {"r2", 55, 104, 0}}, 0, []point{{0, 100}, {55, 104}}, 1},
		"an older one behind":       {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 55, 104, 0}, {"r2", 40, 98, 0}}, 0, []point{{0, 100}, {55, 104}}, 0},
		"a gauge":                   {"up", []scrape{{"r1", 0, 1, 0}, {"r2", 40, 0, 0}, {"r2", 55, 1, 0}}, 0, []point{{0, 1}, {40, 0}, {55, 1}}, 0},
		"a counter by another name": {"counted", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 98, 0}, {"r2", 55, 104, 0}}, 0, []point{{0, 100}, {55, 104}}, 1},
		"restart, then the switch":  {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 98, 0}, {"r2", 55, 104, 0}}, 1, []point{{0, 100}, {55, 104}}, 1},
		"restart after the first":   {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 103, 0}, {"r2", 55, 2, 0}, {"r2", 70, 3, 0}}, 2, []point{{0, 100}, {40, 103}, {70, 3}}, 1},
		"restart in doubt":          {"a_total", []scrape{{"r1", 0, 100, 0}, {"r2", 40, 3, 0}, {"r2", 55, 8, 0}, {"r2", 70, 9, 0}}, 2, []point{{0, 100}, {70, 9}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			kept := elections{}
			s := newStand(t, takingOver(kept))
			s.wall = start
			for i, x := range c.scrapes {
				if i == c.restart && i > 0 {
					old := s
					s = newStandOver(t, killed(t, s.dir), tsdb.Options{}, takingOver(kept))
					s.wall = old.wall
					send(t, s, true, 204, series("another").at(s.wall.UnixMilli(), 1)) // who was elected has until now+30s
				}
				s.wall = start.Add(time.Duration(x.t) * time.Second)
				x.send(t, s, c.metric)
			}
			var have []point
			for _, p := range read(t, s.db)[labels.FromStrings("__name__", c.metric).String()] {
				have = append(have, point{(p.T - ms) / 1000, p.V})
			}
			if d := cmp.Diff(c.want, have); d != "" {
				t.Errorf("stored (-want +got):\n%s", d)
			}
			if have := s.dropped("unconfirmed"); have != c.left {
				t.Errorf("left out: want %d, have %d", c.left, have)
			}
		})
	}
}

func (x scrape) send(t *testing.T, s *stand, metric string) {
	t.Helper()
	one := series(metric, "prometheus_replica", x.replica).at(ms+x.t*1000, x.v)
	if x.st != 0 {
		one.ST = ms + x.st*1000
	}
	send(t, s, true, 204, one)
}

// takingOver is a receiver whose sink counts what "counted" gains.
func takingOver(kept elections) func(*tsdb.ReceiverOptions) {
	return func(o *tsdb.ReceiverOptions) {
		o.Elections = kept
		bind := o.Bind
		var counted storage.SeriesRef
		o.Bind = func(l labels.Labels, held bool) storage.SeriesRef {
			ref := bind(l, held)
			if l.Get("__name__") == "counted" {
				counted = ref
			}
			return ref
		}
		o.Counter = func(ref storage.SeriesRef) (is, known bool) { return ref == counted, ref == counted }
	}
}

// TestFault09_AHistogramThatFallsAtASwitch: one bucket lower is a fall.
func TestFault09_AHistogramThatFallsAtASwitch(t *testing.T) {
	s := newStand(t, nil)
	at := func(replica string, sec int64, n int64) {
		h := tsdbutil.GenerateTestHistogram(n)
		h.CounterResetHint = histogram.NotCounterReset
		x := series("latency", "prometheus_replica", replica)
		x.Histograms = []prompb.Histogram{prompb.FromIntHistogram(ms+sec*1000, h)}
		send(t, s, true, 204, x)
	}
	at("r1", 0, 9)
	s.pass(31 * time.Second)
	at("r2", 40, 7)
	at("r2", 55, 12)
	if s.dropped("unconfirmed") != 1 {
		t.Errorf("left out: want 1, have %d", s.dropped("unconfirmed"))
	}
	q, err := s.db.Querier(0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var times []int64
	for set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "latency")); set.Next(); {
		for it := set.At().Iterator(nil); it.Next() != chunkenc.ValNone; {
			times = append(times, (it.AtT()-ms)/1000)
		}
	}
	if d := cmp.Diff([]int64{0, 55}, times); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
}
