// Package query asks upstream's PromQL engine for SLIs that are free PromQL: what
// share of each group's events was bad over a range that ends at an instant.
//
// It does not know when to ask, what the answer counts, or whose raw samples it
// reads. It stores nothing.
//
// The path of one question: At puts the range into the query's texts and evaluates
// them within bounds of time and samples (ask.go); share.go makes one ratio per
// group of what comes back.
package query
