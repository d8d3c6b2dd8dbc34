package tsdb_test

import (
	"context"
	"math"
	"strings"
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

// TestExemplarsOfNoSeries: remote write 2.0 tells the sender that they were not taken,
// 1.0 has no word for it.
func TestExemplarsOfNoSeries(t *testing.T) {
	protocols(t, func(t *testing.T, v2 bool) {
		s := newStand(t, nil)
		e := series("never")
		e.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: "t"}}, Value: 1, Timestamp: ms}}
		code := map[bool]int{false: 204, true: 400}[v2]
		w := send(t, s, v2, code, e)
		if v2 && (!strings.Contains(w.Body.String(), "1 refused as empty") || w.Header().Get("X-Prometheus-Remote-Write-Exemplars-Written") != "0") {
			t.Errorf("answer %q, %v", w.Body, w.Header())
		}
		if n := s.counter("slowburn_ingest_exemplars_dropped_total"); n != 1 {
			t.Errorf("want 1 exemplar dropped, have %d", n)
		}
	})
}
