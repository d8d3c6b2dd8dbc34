// Package wal reads, measures and mends the write-ahead log of a Prometheus TSDB, beside
// upstream's own reading of it: damage costs the records it touches instead of all
// behind it (mend.go, segment.go), a position in it is one number that fits a sample
// (position.go), and what was committed behind a position can be read again (scan.go).
package wal
