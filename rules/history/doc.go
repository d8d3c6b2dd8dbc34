// Package history holds what one ledger counted in the past, small enough to
// keep in memory for every budget and exact at every point a window may begin.
//
// It knows nothing of objectives, sources or storage: it takes the counts of one
// closed slot after the other and answers with cumulative counts at an instant.
//
// A window's start is floored to a grain that grows with the window's length
// (slo.Grain), so the past is kept at four grains: slots for the newest 2 h,
// minutes for 6 h, ten minutes for 3 d and hours for the longest window
// (history.go). Each is a ring of blocks of cells, whose columns take as many
// bytes as their largest value needs (block.go).
package history
