// Package alerting delivers alerts to every Alertmanager, and again until each
// has acknowledged them.
//
// It does not know why an alert fires. It takes the level — all alerts that fire
// now, and those resolved a short while ago — and keeps, for every Alertmanager
// apart, what that one has acknowledged. What lies between the two is owed. There
// is no queue that could overflow: a send that fails leaves the debt as it was.
//
// The path of one alert: Manager.Set compares the stated level with the table
// (table.go) and saves the transitions (keeper.go, record.go) before anything is
// sent. Every Alertmanager that discovery found (discover.go) has a loop of its
// own (target.go): it asks each delivery what is owed (delivery.go), takes the most
// urgent 256 (plan.go), relabels them (identity.go), posts them (post.go) and splits
// a batch that was refused until the bad alert stands alone (bisect.go). What was
// acknowledged goes back into the table, and to disk within a second.
//
// What Alertmanager does with times decides ours. It resolves an alert on its own at
// endsAt, so every send moves endsAt 4 resends ahead, and a restart of slowburn that
// takes less than 3 minutes is not seen. It judges by its own clock, which is read off
// its answers, and told times by that (clock.go). It forgets its alerts when it restarts, so a
// loop looks at its start time (probe.go) and sends all again when that changed.
//
// If nobody acknowledges a page for a minute a webhook gets it (secondpath.go).
package alerting
