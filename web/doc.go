// Package web reads and steers slowburn over HTTP: Prometheus's read API,
// federation, slowburn's own JSON API, health, reload, metrics and the UI
// (package ui).
//
// It does not know where data comes from: it reads snapshots and a queryable
// through the ports in Options, and hands remote write to the handler it was
// given. It opens no file but the web config and token files, and calls no URL.
//
// The path of one request: Run accepts a connection (serve.go) that guard may
// refuse; ServeHTTP sets headers and counts (handler.go); the mux, built from the
// one table in routes.go, finds the Route, and mux.go wraps it in what every
// route of its kind needs: method, origin, credentials, readiness, body, slot.
// The handler is promapi's, or one of budgets.go, objectives.go, lifecycle.go,
// metricspage.go, summary.go and page.go.
package web
