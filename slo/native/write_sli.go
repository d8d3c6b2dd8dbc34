package native

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
)

// sliMap writes an SLI in the plainest kind that counts the same.
func sliMap(s *slo.SLI) (yaml.MapSlice, error) {
	if q := s.Query; q != nil {
		return keys("query", keys("error_ratio", q.ErrorRatio, "bad", q.Bad, "total", q.Total)), nil
	}
	if s.Slice.Length > 0 {
		return slicesMap(s)
	}
	for _, write := range []func([]slo.Term) yaml.MapSlice{eventsMap, latencyMap, probeMap} {
		if m := write(s.Terms); m != nil {
			return m, nil
		}
	}
	if slices.ContainsFunc(s.Terms, func(t slo.Term) bool { return t.Kind == slo.HistogramBelow }) {
		return nil, errors.New("a native histogram's observations below a threshold stand in a sum, which no kind of SLI can say")
	}
	bad, total := bind.Texts(s)
	return keys("query", keys("bad", bad, "total", total)), nil
}

// slicesMap writes stretches of time that are judged as a whole.
func slicesMap(s *slo.SLI) (yaml.MapSlice, error) {
	of := eventsMap(s.Terms)
	if of == nil {
		of = latencyMap(s.Terms)
	}
	if of == nil {
		return nil, errors.New("slices judge a weighted sum, which no kind of SLI can say")
	}
	judged := keys("max_bad", number(s.Slice.MaxBad))
	if s.Slice.Ratio {
		judged = keys("ratio", true)
	}
	judged = append(judged, keys("length", slo.FormatDuration(s.Slice.Length))...)
	return keys("slices", append(of, judged...)), nil
}

// eventsMap writes counters with a weight of one.
func eventsMap(terms []slo.Term) yaml.MapSlice {
	var bad, good, total []any
	for i := range terms {
		t := &terms[i]
		if t.Kind != slo.Counter {
			return nil
		}
		switch [2]float64{t.Bad, t.Total} {
		case [2]float64{1, 0}:
			bad = append(bad, t.Selector())
		case [2]float64{-1, 0}:
			good = append(good, t.Selector())
		case [2]float64{0, 1}:
			if len(good) > 0 {
				return nil
			}
			total = append(total, t.Selector())
		case [2]float64{1, 1}:
			total = append(total, t.Selector())
			good = append(good, nil) // as a mark: all of total is bad but for good
		default:
			return nil
		}
	}
	marks := len(good)
	good = slices.DeleteFunc(good, func(v any) bool { return v == nil })
	marks -= len(good)
	switch {
	case len(total) == 0 || (marks > 0) != (len(good) > 0) || marks > 0 && marks != len(total):
		return nil
	case len(good) > 0 && len(bad) == 0:
		return keys("events", keys("good", oneOrMore(good), "total", oneOrMore(total)))
	case len(good) == 0 && len(bad) > 0:
		return keys("events", keys("bad", oneOrMore(bad), "total", oneOrMore(total)))
	}
	return nil
}

func oneOrMore(list []any) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// latencyMap writes a histogram's count less what was fast enough.
func latencyMap(terms []slo.Term) yaml.MapSlice {
	if len(terms) != 2 {
		return nil
	}
	all, fast := &terms[0], &terms[1]
	if all.Total == 0 {
		all, fast = fast, all
	}
	if all.Bad != 1 || all.Total != 1 || fast.Bad != -1 || fast.Total != 0 {
		return nil
	}
	switch {
	case all.Kind == slo.HistogramCount && fast.Kind == slo.HistogramBelow && bind.SameMatchers(all.Matchers, fast.Matchers):
		m := keys("histogram", all.Selector(), "threshold", number(fast.Threshold))
		return keys("latency", append(m, yaml.MapItem{Key: "native", Value: true}))
	case all.Kind == slo.Counter && fast.Kind == slo.BucketBelow:
		name, ok := strings.CutSuffix(bind.MetricName(all.Matchers), "_count")
		if !ok || bind.MetricName(fast.Matchers) != name+"_bucket" || !bind.SameMatchers(bind.Without(all.Matchers, labels.MetricName), bind.Without(fast.Matchers, labels.MetricName)) {
			return nil
		}
		h := slo.Term{Matchers: bind.WithName(all.Matchers, name)}
		return keys("latency", keys("histogram", h.Selector(), "threshold", number(fast.Threshold)))
	}
	return nil
}

// probeMap writes a gauge that is compared with a number.
func probeMap(terms []slo.Term) yaml.MapSlice {
	if len(terms) != 2 {
		return nil
	}
	all, bad := &terms[0], &terms[1]
	if all.Op != "" {
		all, bad = bad, all
	}
	if all.Kind != slo.GaugeSlices || bad.Kind != slo.GaugeSlices || all.Op != "" || bad.Op == "" ||
		all.Bad != 0 || all.Total != 1 || bad.Bad != 1 || bad.Total != 0 || !bind.SameMatchers(all.Matchers, bad.Matchers) {
		return nil
	}
	good := string(negated[bad.Op]) + " " + strconv.FormatFloat(bad.Threshold, 'f', -1, 64)
	return keys("probe", keys("metric", all.Selector(), "good", good))
}
