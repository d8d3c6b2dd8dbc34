// Package load reads SLO files of any format: patterns of file names in, good
// objectives out, and an error at its place for everything that is not good.
//
// It knows which formats there are and how a document says which it is; what their
// keys mean is for their own packages. It does the only I/O of slo and below.
//
// The path of one file: Files expands patterns and reads (load.go), package document
// splits the text, the format is told (format.go) and its package reads the
// document. Objectives of one ID are an error at the second. Standing (standing.go)
// says which objectives are in force after files were read again.
package load
