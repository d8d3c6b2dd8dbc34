// Package bind recognises PromQL that is a count in disguise: sums of counters,
// histograms, gauges or booleans under the wrappers that people put around them.
// What it recognises becomes the terms of an SLI, which are counted natively; of
// the rest it says in one sentence why not.
//
// It knows nothing of files and places in them. Parse errors carry an offset into
// the query's text, and the caller knows where that stands.
//
// The path of one SLI: Parse reads a query with {{.window}} for its range
// (query.go). Events takes two of them, Ratio one (ratio.go). A linear is a weighted
// sum of counts (linear.go); what is counted in time slices is in slices.go, rates at
// every step of a subquery in steps.go, shares of native histograms in fraction.go.
// Terms of a share are added up where they count the same (ratio.go). Selector reads
// a bare selector (selector.go).
package bind
