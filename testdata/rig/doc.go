// Package rig puts real programs together for the end-to-end and fault tests:
// slowburn, Prometheus and Alertmanager as child processes (package proc), and in
// the test's own process the service they watch and the webhook they page.
//
// It does not know what a test wants to see.
//
// The path of one event: a request is answered badly by the Shop (shop.go), which
// counts it; Prometheus (prometheus.go) scrapes the count and remote-writes it to
// Slowburn (slowburn.go); that posts an alert to Alertmanager (alertmanager.go),
// which calls the Webhook (webhook.go); the test reads the budget through
// Prometheus's Go client (read.go) and compares it with Shop.Truth. Feed
// (feed.go) stands in for shop and Prometheus where a test wants to know which
// samples were acknowledged, or has no patience, and Recorder (recorder.go) for
// Alertmanager where it wants to see what goes over the wire.
//
// Around them stand what may fail: certificates (authority.go), a name server (dns.go),
// a control group's memory (cgroup.go).
package rig
