package slo

import (
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// WindowPlaceholder stands for the range in a Query's texts.
const WindowPlaceholder = "{{.window}}"

// Query is an SLI that the PromQL engine evaluates once a minute, time-sliced.
type Query struct {
	// ErrorRatio yields the share of bad events per group over Range; or Bad and
	// Total do, as rates.
	ErrorRatio, Bad, Total string
	// Reason says in one sentence why it is not bound natively.
	Reason string
	// Reads are the selectors of all series that the texts read.
	Reads [][]*labels.Matcher
}

// QueryStep is how often a free query is evaluated, in event time. Each result is a
// time slice of that length, whatever the traffic in it.
const QueryStep = time.Minute

// QueryRange is the range put into a free query's texts: 5 min, or 4 scrape intervals
// of the slowest series that it reads if that is longer, in whole minutes.
func QueryRange(interval time.Duration) time.Duration {
	return max(5*time.Minute, (4*interval + time.Minute - 1).Truncate(time.Minute))
}

// resultTerms count the results of a free query.
var resultTerms = []Term{{Kind: ResultRatio, Bad: 1}, {Kind: ResultSlice, Total: 1}}

// Counted are the terms by which the SLI is counted: its own, or those of its query's
// results.
func (s *SLI) Counted() []Term {
	if s.Query != nil {
		return resultTerms
	}
	return s.Terms
}

// QueryStatus is what the newest evaluation of a free query came to.
type QueryStatus struct {
	TS    int64         // event time, ms; 0 before the first
	Range time.Duration // what {{.window}} was
	// Took is the wall time, Samples how many samples were read.
	Took    time.Duration
	Samples int64
	// Err says why there is no result, if it failed.
	Err string
}

// Over are the query's texts with the range put in.
func (q *Query) Over(window time.Duration) Query {
	w := FormatDuration(window)
	put := func(s string) string { return strings.ReplaceAll(s, WindowPlaceholder, w) }
	return Query{ErrorRatio: put(q.ErrorRatio), Bad: put(q.Bad), Total: put(q.Total), Reason: q.Reason, Reads: q.Reads}
}
