// Package slo holds the words every other package speaks: objectives, SLIs and
// their terms, windows, tiers, budgets, alerts, and the files objectives are
// written in (native, Sloth).
//
// It knows nothing of storage, evaluation, delivery or HTTP. It does no I/O but
// for reading SLO files in Load, starts no goroutine and does not log.
//
// The path of one objective: Load reads a file (file.go), tells its format from the
// document itself (reader.go), and decodes it (native*.go, sloth*.go); a selector
// (selector.go) or query (promql.go, and linear.go, slices.go, ratio.go for what is a
// sum of counts in disguise) becomes the Terms of an SLI (sli.go); a Tier turns the
// objective's first Window into alert Rules (tier.go); lint.go says what is
// probably not meant. Every error carries its place (position.go).
//
// Event times are int64 milliseconds since the Unix epoch, as in Prometheus.
package slo
