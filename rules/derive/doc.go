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
// catalogue (index.go). Select (querier.go) asks each family of series which budgets
// match (family.go, match.go) and the table of names which series those have
// (names.go, sloth.go, windows.go); the stored counters and alerts come in through
// stored.go and alerts.go. The selection writes down what must be read for that
// (selection.go, need.go), but reads nothing. The first call of Next on a series
// (iterator.go) has its budget's counters read, with those of the budgets that follow
// if there is little to read of each (hold.go, load.go, part.go); what the spans read
// leave open is looked up (lookup.go, first.go). merge.go adds up sources and
// generations into one curve (curve.go). The iterator walks the curve's slots
// (timeline.go) and evaluates windows there (evaluate.go, state.go). Label names and
// values come from the index alone (labels.go).
package derive
