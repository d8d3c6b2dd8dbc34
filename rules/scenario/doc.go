// Package scenario runs a story through the very engine that runs live: samples in
// order of arrival, a wall clock that moves past them, and what budgets and alerts
// must be at which time. `slowburn test` and testdata/scenarios are such stories;
// the latter are told to a process of the whole program, too.
//
// It does not know how a story is written down: its callers read files. It delivers
// nothing and keeps nothing; databases live in a folder that the caller gives and
// removes.
//
// The path of one story: Run opens an engine over two empty databases (engine.go),
// sends batch after batch and moves the clock on (run.go); each expectation is asked
// once its time has come (expect.go).
package scenario
