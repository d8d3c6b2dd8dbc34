// Package lint looks for what is allowed in an objective and yet probably not meant,
// such as a page that can never fire. Every message says what to do.
//
// It knows nothing of formats: it is handed a finished objective and the mapping
// that the objective was read from, for the places.
package lint
