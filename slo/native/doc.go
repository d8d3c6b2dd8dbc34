// Package native reads slowburn's own format of SLO files, version: slowburn/v1.
//
// It knows no other format and no files. The path of one document: Read takes the
// header and its defaults (native.go), then each objective, or one per latency threshold
// (lines.go): its SLI (sli.go, slices.go), what it changes in its tier's alert rules
// (alerting.go), and what some of its groups have of their own (segments.go).
package native
