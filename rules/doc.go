// Package rules answers how fast every budget burns and which alerts hold. It is
// the engine: it turns accepted samples into ledgers, ledgers into burn rates,
// and burn rates into alert states, in event time.
//
// It does not know how samples arrive, where they are stored, how alerts are
// delivered or who reads budgets: it meets those through storage.Queryable,
// storage.AppendableV2 and the function fields of Options.
//
// The path of one sample: the receiver asks Bind once per series (bind.go) and
// hands committed samples to an Appender (appender.go), which applies them under
// the lock of their source (source.go): rules/count says what they count, and the
// events land in an open slot of each ledger bound (ledger.go). When a source's
// event time has passed a slot by the grace, Tick cuts it (close.go): its counts
// go to the ledger TSDB and into rules/history. Then every budget concerned is
// evaluated at that slot's end (evaluate.go), alert states advance (transition.go),
// are saved (record.go) and stated as a level (alerts.go). Readers take snapshots
// (status.go) or read the ledger through rules/derive. What does not arrive is
// watched in absence.go; groups that had no data for long expire (expire.go); a
// reload keeps ledgers and alerts (apply.go) and reads what longer windows need
// (reach.go). Restore rebuilds all of it
// at start (restore.go, resume.go), where the store was lost from the ledger alone
// (rebuild.go).
//
// What an objective asks by free PromQL is asked beside all that, minute by minute of
// event time, and counted in a source of its own (ask.go, freequery.go, rules/query).
//
// Tick is the only place where time enters: live it is called by Run, in replay
// and in tests by the caller.
package rules
