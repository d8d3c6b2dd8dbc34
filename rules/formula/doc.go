// Package formula says what another tool's formula makes of an objective's budget, by
// upstream's PromQL engine over the same samples as ours, and why the two differ.
//
// It knows nothing of files and does not count: our side of the comparison is handed
// to it. The path of one objective: Of evaluates Sloth's mean of 5-minute ratios
// (sloth.go), or the share of increases that Pyrra records (increase.go); Causes
// compares the result with our counts and puts the difference into words (cause.go).
package formula
