// Package govern holds the words of steering releases by budget: where a policy
// stands, what the gate answers, releases with their cost and forecast, canaries,
// overrides and the audit log. Their JSON is the API's (/api/slo/v1/): units are in
// the names, ratios are 0–1, times are milliseconds of event time.
//
// It decides nothing and does no I/O: rules/governance fills these in, web/steer
// serves them, and the command line prints them.
//
// The path of one release: a Mark is posted, or a version label changes; it becomes a
// Release (release.go), whose Costs are known once its time has passed. The next one
// asks with a GateQuery and gets a GateAnswer (gate.go), which draws on PolicyStatus
// (policy.go), Forecast (forecast.go) and CanaryAnswer (canary.go). Whoever changes
// something leaves an Entry (audit.go). What cannot be done is an Error with a code
// (problem.go).
package govern
