// Package derive serves every budget as Prometheus series: the counters of the
// ledger as readers should see them, and all that follows from them, such as burn
// rates and remaining budget. A View is a storage.SampleAndChunkQueryable, so PromQL,
// remote read and federation read it like any other storage. Nothing is precomputed
// or stored; a series costs nothing until it is read.
//
// It does not know how events are counted, what is firing, or who asks. It shares
// its arithmetic with the engine by calling the same functions of slo, so both
// agree to the event.
//
// The path of one query: View.Querier (view.go) takes the index of the present
// catalogue (index.go, family.go). Select (querier.go) asks each family which
// budgets match, and the table of names (names.go, sloth.go, windows.go) which
// series each has; the stored counters and alerts come in through stored.go and
// alerts.go. Select also writes down what must be read for that (need.go), but
// reads nothing. The first call of Next on a series (iterator.go) has the loader
// (load.go, lookup.go) read the ledger, once for all series of that budget and for a
// batch of budgets if there is little to read for each; merge.go adds up sources and
// generations into one curve (curve.go). The iterator walks the curve's slots
// (timeline.go) and evaluates windows on it (evaluate.go, state.go).
package derive
