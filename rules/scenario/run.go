package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slowburn/slowburn/slo"
)

// Start is when stories begin unless they say otherwise: 2025-01-15 00:00 UTC, ms. It
// lies in the past of any clock a story may be told under, since receivers refuse the
// future.
const Start = int64(1_736_899_200_000)

// Delay is how long after its scrape a sample arrives unless the story says
// otherwise, ms.
const Delay = 500

// Story is what is run. Times in it are ms.
type Story struct {
	Objectives []*slo.Objective
	// Start is the wall time of the story's first moment.
	Start   int64
	Samples []Sample
	Expects []Expect
	// Tick is how often the engine is asked, at least; 0 is every 5 s.
	Tick int64
}

// Sample is a sample and when it arrives.
type Sample struct {
	Labels labels.Labels
	T      int64
	V      float64
	H      *histogram.FloatHistogram
	At     int64
}

// Scrapes say when the samples of a series are scraped, and when they arrive, ms: the
// first From after the start, the others every Interval, each Delay later but none
// before Held.
type Scrapes struct{ From, Interval, Delay, Held int64 }

// Load adds a series in the notation of Prometheus's tests, such as
// `http_requests_total{code="200"} 0+10x60`.
func (s *Story) Load(series string, at Scrapes) error {
	lset, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(series)
	if err != nil {
		return fmt.Errorf("read series %q: %w", series, err)
	}
	for i, v := range values {
		if v.Omitted {
			continue
		}
		t := s.Start + at.From + int64(i)*at.Interval
		s.Samples = append(s.Samples, Sample{Labels: lset, T: t, V: v.Value, H: v.Histogram, At: max(t+at.Delay, s.Start+at.Held)})
	}
	return nil
}

const (
	// tick is how often the engine is asked, at least: three times a slot, for a story
	// shall tell within seconds.
	tick = 5_000
	// settle is for how long the clock goes on after the last moment that matters: the
	// slot that ends there has closed by then, even if its source is silent.
	settle = 120_000
)

// Run plays the story in an empty folder and answers with the expectations that were
// not met, in order.
func (s *Story) Run(ctx context.Context, dir string) ([]Failure, error) {
	e, err := s.open(ctx, dir)
	if err != nil {
		return nil, err
	}
	failures, err := s.play(ctx, e)
	if closeErr := e.close(); err == nil {
		err = closeErr
	}
	return failures, err
}

func (s *Story) play(ctx context.Context, e *engine) ([]Failure, error) {
	slices.SortStableFunc(s.Samples, func(a, b Sample) int { return cmp.Compare(a.At, b.At) })
	open := slices.Clone(s.Expects)
	slices.SortStableFunc(open, func(a, b Expect) int { return cmp.Compare(a.At, b.At) })
	end := s.Start
	for _, x := range s.Samples {
		end = max(end, x.At)
	}
	for _, x := range open {
		end = max(end, s.Start+x.At)
	}
	var failures []Failure
	i, step := 0, cmp.Or(min(s.Tick, tick), tick)
	for now := s.Start; now <= end+settle; now += step {
		e.now = now
		first := i
		for i < len(s.Samples) && s.Samples[i].At <= now {
			i++
		}
		if err := e.send(ctx, s.Samples[first:i]); err != nil {
			return nil, err
		}
		if err := e.tick(ctx); err != nil {
			return nil, err
		}
		open = slices.DeleteFunc(open, func(x Expect) bool {
			if now < s.Start+x.At {
				return false
			}
			problem, known := x.Check(e.Status(), e.Alerts(), s.Start)
			if known && problem != "" {
				failures = append(failures, Failure{x, problem})
			}
			return known
		})
	}
	for _, x := range open {
		failures = append(failures, Failure{x, "nothing was evaluated at that time: the story has no samples for it"})
	}
	slices.SortStableFunc(failures, func(a, b Failure) int { return cmp.Compare(a.At, b.At) })
	return failures, nil
}
