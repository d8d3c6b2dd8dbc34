// Package tsdb keeps what must survive: the raw TSDB with the samples that
// objectives need, the ledger TSDB with their event counts, and the remote-write
// receiver in front of the raw one. Small records live in tsdb/state; what can be done
// with a write-ahead log beside upstream is in tsdb/wal.
//
// It does not know what an objective is. Which series are needed it asks through
// Bind, and what it has stored it hands on through storage.AppendableV2.
//
// The path of one request: Receiver.ServeHTTP checks its head and takes memory for
// it (receiver.go, negotiate.go, admission.go), decodes the body in place into a
// batch of samples (wire.go, batch.go, decode*.go), and finds each series by the
// hash of its raw label bytes; a label set is built only for those it does not
// know (key.go, cache.go, identity.go, series.go). Then, one source after the other and
// under its lock, it drops what is known already, appends the rest to the raw TSDB,
// commits, and feeds the sink (source.go, append.go, known.go, exemplars.go, replica.go,
// clock.go). The answer counts and names what was refused (verdict.go).
//
// DB is one TSDB that starts with a damaged WAL and survives a full disk (db.go,
// appender.go, damage.go, reopen.go, disk.go, registry.go). Position and Since let the
// engine find what came after its last ledger write (since.go). Which new series have a
// past is told from what the head and the blocks hold (known.go, departed.go).
package tsdb
