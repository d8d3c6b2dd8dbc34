// Package state keeps small named records in one file, state.db: alert states,
// what each Alertmanager acknowledged, objective versions, overrides, audit.
//
// It knows nothing of what the records mean: a Bucket's type belongs to its
// consumer, and cmd joins the two. It starts no goroutine and does not log.
//
// The path of one record: Open refuses a newer schema and sets a damaged file
// aside (open.go); NewBucket names a set of records; Save writes a whole change
// as JSON in one fsynced transaction; Load reads them all back (bucket.go).
package state
