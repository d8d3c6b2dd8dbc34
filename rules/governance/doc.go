// Package governance lets budgets steer releases: it moves policies between their
// states, answers the gate, judges canaries, and reckons what releases cost and what
// the next one will.
//
// It does not know who asks over which protocol, how events are counted, or where
// records lie: it reads snapshots and counts through the functions in Options and
// keeps what it must in a Store. Every decision is a pure function of such snapshots
// and records; the Book around them holds the records and locks.
//
// The path of one release: Mark checks it (mark.go) and commits it with its entry in
// the audit log, in one transaction (book.go, record.go); or detect.go finds it in a
// version label. Observe, once a slot, moves policies on (observe.go, policy.go) and
// settles the costs of releases whose time is over (settle.go, cost.go). Gate collects
// what is known of a service (ask.go, counts.go) and decides (gate.go) with a forecast
// (forecast.go), an override (override.go) and, if wanted, a canary (canary.go,
// significance.go). Alerts states the policies that need somebody (alert.go), and
// Facts dates all of it for rules/dated (facts.go).
package governance
