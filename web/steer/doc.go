// Package steer serves what steers releases by budget over HTTP: policies, the
// gate, canaries, releases, overrides and the audit log, under /api/slo/v1/.
//
// It does not know how anything is decided or kept: it reads requests into the
// words of slo/govern, asks the ports in Options, and writes the answer. Who may
// ask at all is guard's; who may override is the port's.
//
// The path of one request: web finds the route (routes.go) and guard lets its caller
// through; the handler, in gate.go, releases.go or overrides.go, reads parameters
// (params.go) or the body (body.go), asks its port, and answers (respond.go), where
// one table turns an error's code into a status.
package steer
