// Package compliance runs Prometheus's public compliance suite for remote-write
// receivers against a real slowburn. `make compliance` does; it takes some minutes,
// most of them to build the suite.
//
// The suite is a module of its own that says another name than it is fetched by, so
// that none can require it: it is downloaded at a version and checksum, copied and
// tested as it is. What is fetched comes from the Go module proxy.
package compliance
