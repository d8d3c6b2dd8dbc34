// Package history holds what one ledger counted in the past, small enough to
// keep in memory for every budget and exact at every point a window may begin.
//
// It knows nothing of objectives, sources or storage: it takes the counts of one
// closed slot after the other and answers with cumulative counts at an instant.
//
// A window's start is floored to a grain that grows with the window's length
// (slo.Grain), so the past is kept at four grains: slots for the newest 2 h,
// minutes up to 6 h back, ten minutes up to 3 d and hours as far as the longest window
// reaches (history.go). Each level is a queue of blocks of cells that hands what is too
// old for it on to the next (level.go). A block keeps a column a counter (block.go), a
// column its cells' bits in words (column.go).
package history
