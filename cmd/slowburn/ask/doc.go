// Package ask is the command line's side of steering releases: gate, policy, release,
// override and canary ask a running slowburn over HTTP and print its answer.
//
// It decides nothing and reads no data folder; it knows the API's words (slo/govern)
// and nothing else of slowburn.
//
// The path of one question: Verbs registers the subcommands (verbs.go), one file each;
// flags say which server and who asks (flags.go); client.go sends the question, and
// what comes back is printed as it came (JSON) or as a table (table.go).
package ask
