// Package promapi serves Prometheus's HTTP read API, so that Grafana, promtool
// and every Prometheus client read objectives and budgets as ordinary series,
// rules and alerts.
//
// It knows nothing of connections, credentials and routes: it hands web one
// handler per path. It does not evaluate objectives; rules and alerts are drawn
// from the engine's snapshots.
//
// The path of one query: web's route table lets it through; form.go bounds its
// parameters; upstream's handler (upstream.go) parses it with a parser that
// refuses monstrous text (parser.go) and runs it on an engine that refuses
// monstrous subqueries (engine.go) over the queryable that cmd merged from raw,
// ledger and derived series.
//
// Ours instead of upstream's: rules and alerts (rules.go, query.go), which
// upstream ties to its own rule manager; status (status.go), which would show
// Prometheus's configuration and not ours; exemplars of a query without selector
// (exemplars.go); federation (federate.go), which is not part of its API.
package promapi
