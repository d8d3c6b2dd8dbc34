// Package document reads YAML documents as people write them: strictly, with
// every complaint at its place, and going on after each so that one reading
// shows all of them.
//
// It knows nothing of objectives, configurations or files: its callers say which
// keys a mapping may have and what a value must be, and they know the file's name.
//
// The path of one text: Parse splits it into documents (split.go), so that one
// that does not parse leaves the others standing, and refuses what is built to
// exhaust a reader (limits.go). A Node is a value at its place (node.go), a
// Mapping its keys (mapping.go). A Problem is what is wrong, its line and column,
// and an excerpt of the text (problem.go); one inside a longer value, such as a
// query, is located to the character (locate.go).
package document
