//go:build race

package alerting_test

// The race detector makes everything some ten times slower.
func init() { slower = 10 }
