// Package e2e is the product's main promise as a test, with real peers: a service
// breaks, its page reaches a webhook through Alertmanager exactly once, the budget
// read through Prometheus's own Go client falls by what was really lost, and a
// kill -9 in between changes nothing. And what a Prometheus holds of days before is read
// by backtest and backfill to the event. Run it with `make e2e`.
package e2e
