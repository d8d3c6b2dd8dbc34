package tsdb_test

import (
	"context"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// TestExemplarsComeByThemselves: Prometheus sends the exemplars of a series in an entry
// of their own, after its samples or in a later request.
func TestExemplarsComeByThemselves(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		alone := func(at int64, trace string) sent {
			e := series("a")
			e.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: trace}}, Value: 1, Timestamp: at}}
			return e
		}
		send(t, s, v2, 204, series("a").at(ms, 1), alone(ms, "first"))
		send(t, s, v2, 204, alone(ms+1, "later"))
		q, err := s.db.ExemplarQuerier(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		have, err := q.Select(0, math.MaxInt64, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "a")})
		if err != nil || len(have) != 1 || len(have[0].Exemplars) != 2 || have[0].Exemplars[1].Labels.Get("trace_id") != "later" {
			t.Errorf("want both exemplars, have %v, %v", have, err)
		}
		if n := s.dropped("empty"); n != 0 {
			t.Errorf("want nothing refused as empty, have %d", n)
		}
	})
}
