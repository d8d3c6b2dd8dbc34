// Package trace finds an example of what an objective loses: the newest exemplar
// of its bad events that names a trace.
//
// It does not know which alerts fire. It keeps nothing between two looks.
//
// The path of one look: Index tells from the series of an exemplar whose bad events
// it may be (evidence.go); Finder.Look reads what exemplars of the last hour the raw
// TSDB holds, once for all objectives, and keeps the newest of each budget
// (finder.go).
package trace
