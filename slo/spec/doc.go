// Package spec is what all formats of SLO files share: a Reader turns one document
// into objectives, and has a method for every kind of value that formats have in
// common, such as names, labels, percentages and queries.
//
// It knows no format. Those are packages of their own (native, sloth, …), each with
// a function that reads a document's mapping with a Reader; package load tells which.
//
// The path of one objective: Reader.Objective (reader.go) opens its mapping and calls
// the format's function, which asks for values (values.go) and queries (sli.go).
// What is wrong becomes a Problem of the document; what is right, but worth saying,
// a Finding. An objective without problems is linted and kept.
package spec
