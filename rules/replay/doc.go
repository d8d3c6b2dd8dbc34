// Package replay runs objectives over samples of the past, through the very engine
// that runs live, in event time: what would have paged, when, and what would be
// left of each budget.
//
// It does not know files, flags or how a result is shown, and stores nothing: the
// rows that the engine would write to its ledger are looked at, handed to whoever
// asks for them (backfill), and forgotten.
//
// The path of a sample: the past is a storage.Queryable — a TSDB directory (dir.go),
// a server that answers remote read (remote.go) or only queries (query.go). The feed
// (feed.go) reads it day by day, decodes some minutes of all series at a time and
// sorts them into batches of a few seconds; what lay before the start is kept as the
// engine's raw samples (prior.go). A lane (lane.go) appends batch after batch to its
// engine and moves its clock on; several lanes share the objectives (lanes.go). Rows go
// to the ledger (ledger.go), which notes when each episode began (onset.go); alerts to
// the pager (pager.go). A backfill keeps the rows as blocks of a TSDB (blocks.go); a count
// only adds them up (count.go).
package replay
