// Package match finds, of many terms, those that read a series, without asking each.
//
// It does not know what is done with what it finds: the caller's reference to each
// term is handed back.
//
// The path of one question: Index.Match goes by the metric name, then by the label
// whose equality matchers tell most terms of that name apart, and asks only the terms
// that are left (index.go).
package match
