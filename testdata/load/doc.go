// Package load measures receivers of remote write as their operator would: real
// processes side by side, each fed the same samples, and its CPU time read from the
// system. `make bench-peers` and `make bench-large` run it; it is no test of right or wrong.
//
// The path of one request: a Fleet (fleet.go) is some thousand series that are
// scraped together and encodes one scrape as requests; a Sender (send.go) posts
// them, as fast as they are taken or at a pace, and keeps how long each took; a
// Receiver (receiver.go) is one process with its address and its CPU time.
package load
