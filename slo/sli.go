package slo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// SLI says how events are counted: the sum of its terms' weighted increments.
//
//	bad/total   {bad: Bad 1} {total: Total 1}
//	good/total  {total: Bad 1, Total 1} {good: Bad -1}
//	latency     {count: Bad 1, Total 1} {bucket le=threshold: Bad -1}
type SLI struct {
	Terms []Term
	// By are the source series' labels that make one budget per combination of
	// values, sorted. Empty: the objective has one budget.
	By []string
	// Slice, if set, makes a stretch of time the event: it is bad when the share of
	// bad events in it is above what Slice allows.
	Slice Slice
	// Births says what the first sample of a series counts.
	Births Births
	// Written are the queries that Terms were made of, if there were any, for reports:
	// they are no part of the SLI's meaning.
	Written *Query
	// Query is set instead of Terms when the SLI cannot be counted from series
	// natively and the PromQL engine evaluates it.
	Query *Query
	// Members are set instead of Terms when the SLI is made of other objectives.
	Members []Member
}

// Slice is a stretch of time that is judged as a whole.
type Slice struct {
	// Length is a whole number of slots; 0: events are counted one by one.
	Length time.Duration
	// MaxBad is the share of bad events that a good slice may have, ratio [0, 1).
	MaxBad float64
	// Ratio makes a slice as bad as its share of bad events, instead of good or bad.
	Ratio bool
}

// Term adds the increments of the series that Matchers select, times the
// weights, to bad and to total.
type Term struct {
	// Matchers select the series, the metric name included.
	Matchers []*labels.Matcher
	Kind     TermKind
	// Threshold is the upper bound of good observations for HistogramBelow, in
	// the histogram's unit; the numeric `le` for BucketBelow; what a gauge is
	// compared with for GaugeSlices.
	Threshold float64
	// Op compares a gauge's value (left) with Threshold (right): the slice
	// counts when it holds. Empty counts every slice.
	Op CompareOp
	// Bad and Total weigh one event of this term.
	Bad, Total float64
}

// TermKind is how a series turns into events.
type TermKind uint8

const (
	// Counter counts the increments of a float counter.
	Counter TermKind = iota
	// BucketBelow counts the increments of those classic histogram buckets whose
	// `le` equals Threshold numerically.
	BucketBelow
	// HistogramCount counts all observations of a native histogram.
	HistogramCount
	// HistogramBelow counts observations of a native histogram at or below
	// Threshold, interpolated as histogram_fraction does.
	HistogramBelow
	// GaugeSlices counts the time slices in which Value Op Threshold holds.
	GaugeSlices
	// ResultSlice counts the seconds of the slice that a result of a free query
	// stands for, ResultRatio their share that it found to be bad.
	ResultSlice
	ResultRatio
)

func (k TermKind) String() string {
	return [...]string{"counter", "bucket", "histogram_count", "histogram_below", "gauge", "slice", "ratio"}[k]
}

// CompareOp is one of PromQL's comparison operators.
type CompareOp string

// Holds says whether v Op threshold. The empty operator always holds.
func (op CompareOp) Holds(v, threshold float64) bool {
	switch op {
	case "==":
		return v == threshold
	case "!=":
		return v != threshold
	case "<":
		return v < threshold
	case "<=":
		return v <= threshold
	case ">":
		return v > threshold
	case ">=":
		return v >= threshold
	}
	return true
}

// Births says what the first sample of a new counter series counts.
type Births string

const (
	// BirthsAuto counts the first value when the series was born under
	// observation (DESIGN.md, counting rule 2).
	BirthsAuto Births = "auto"
	// BirthsZero always counts 0.
	BirthsZero Births = "zero"
	// BirthsSkip counts the first value only if its start timestamp says so.
	BirthsSkip Births = "skip"
)

// Matches says whether the term reads the series.
func (t *Term) Matches(lset labels.Labels) bool {
	for _, m := range t.Matchers {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	if t.Kind == BucketBelow {
		le, err := strconv.ParseFloat(lset.Get(labels.BucketLabel), 64)
		return err == nil && le == t.Threshold
	}
	return true
}

// Selector is the term's PromQL selector. A metric name of other characters than
// Prometheus 2 knew stands quoted within the braces.
func (t *Term) Selector() string {
	parts := make([]string, 0, len(t.Matchers))
	name := ""
	for _, m := range t.Matchers {
		switch {
		case m.Name != labels.MetricName || m.Type != labels.MatchEqual:
			parts = append(parts, m.String())
		case model.LegacyValidation.IsValidMetricName(m.Value):
			name = m.Value
		default:
			parts = slices.Insert(parts, 0, strconv.Quote(m.Value))
		}
	}
	if len(parts) == 0 {
		return name
	}
	return name + "{" + strings.Join(parts, ",") + "}"
}

// Narrow is the SLI over those of its series that the matchers select too.
func (s SLI) Narrow(ms []*labels.Matcher) SLI {
	s.Terms = slices.Clone(s.Terms)
	for i := range s.Terms {
		s.Terms[i].Matchers = slices.Concat(s.Terms[i].Matchers, ms)
	}
	return s
}

// Group returns the values of the By labels of a series, in By's order, as the
// budget's group labels. Labels a series lacks are empty, as in PromQL's by.
func (s *SLI) Group(lset labels.Labels) labels.Labels {
	if len(s.By) == 0 {
		return labels.EmptyLabels()
	}
	b := labels.NewScratchBuilder(len(s.By))
	for _, name := range s.By {
		if v := lset.Get(name); v != "" {
			b.Add(name, v)
		}
	}
	b.Sort()
	return b.Labels()
}

func (s *SLI) meaning() string {
	if s.Composite() {
		return membersMeaning(s.Members)
	}
	if s.Query != nil {
		return fmt.Sprintf("query %q %q %q by %q", s.Query.ErrorRatio, s.Query.Bad, s.Query.Total, s.By)
	}
	lines := make([]string, 0, len(s.Terms))
	for i := range s.Terms {
		t := &s.Terms[i]
		ms := make([]string, 0, len(t.Matchers))
		for _, m := range t.Matchers {
			ms = append(ms, m.String())
		}
		slices.Sort(ms)
		lines = append(lines, fmt.Sprintf("%s %s %s %g bad %g total %g", t.Kind, strings.Join(ms, ","), t.Op, t.Threshold, t.Bad, t.Total))
	}
	slices.Sort(lines)
	meaning := fmt.Sprintf("%s by %q births %s", strings.Join(lines, "; "), s.By, s.Births)
	if s.Slice.Length > 0 {
		meaning += fmt.Sprintf(" slices %s max %g", s.Slice.Length, s.Slice.MaxBad)
	}
	if s.Slice.Ratio {
		meaning += " ratio"
	}
	return meaning
}
