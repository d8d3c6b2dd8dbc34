// Package scenarios reads the stories in this folder: an SLO file, series in PromQL's
// test notation, and what budgets and alerts must be at which time. README.md has the
// format.
//
// It does not know what a story is told to: rules runs each on the engine alone,
// cmd/slowburn through the whole program.
package scenarios
