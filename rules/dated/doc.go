// Package dated serves what was true over which stretch of event time as Prometheus
// series: the states of a policy, the releases of a service. Nothing is stored or
// precomputed; a series costs nothing until it is read, and is right for the past.
//
// It does not know what its facts mean nor who dates them, and reads no ledger.
//
// The path of one query: View.Querier (view.go) asks the families whose name matches
// for their facts; Select keeps those whose labels match; an iterator (iterator.go)
// walks the slots of a fact's stretches.
package dated
