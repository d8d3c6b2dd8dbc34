// Package openslo reads OpenSLO documents as they are, openslo/v1 and v1alpha.
//
// It knows what the specification says and what it leaves open: the dialect of
// queries, above all. What it assumes there it says. It knows no files: documents
// refer to each other by kind and name, in whatever file they stand.
//
// The path of one SLO: Library.Add keeps what others refer to (library.go).
// Library.Read takes an SLO and makes an objective of each of its objectives (slo.go;
// alpha.go for v1alpha), with the window (window.go), the indicator's queries
// (indicator.go) and the alert policies (policy.go).
package openslo
