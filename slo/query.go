package slo

import (
	"strings"
	"time"
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
}

// Over are the query's texts with the range put in.
func (q *Query) Over(window time.Duration) Query {
	w := FormatDuration(window)
	put := func(s string) string { return strings.ReplaceAll(s, WindowPlaceholder, w) }
	return Query{ErrorRatio: put(q.ErrorRatio), Bad: put(q.Bad), Total: put(q.Total), Reason: q.Reason}
}
