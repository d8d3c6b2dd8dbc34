// Package slo holds the words every other package speaks: objectives, SLIs and
// their terms, windows, tiers, budgets and alerts.
//
// It knows nothing of storage, evaluation, delivery or HTTP, nor of the files that
// objectives are written in. It does no I/O, starts no goroutine and does not log.
//
// The files that objectives are written in have packages of their own below: load
// finds them and tells their formats; native, sloth and the others read them with
// what package spec has for all; bind turns PromQL into the Terms of an SLI (sli.go),
// lint says what is probably not meant. A Tier turns the objective's first Window
// into alert Rules (tier.go). Every error carries its place (position.go).
//
// Event times are int64 milliseconds since the Unix epoch, as in Prometheus.
package slo
