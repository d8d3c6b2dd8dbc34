package guard

import (
	"encoding/json"
	"net/http"
)

// Error is the JSON body of a refusal: {"status":"error","code":…,"error":…}.
// Code is stable and for programs, Error is for people. ErrorType repeats the
// code under the name that Prometheus's API clients read.
type Error struct {
	Status    string `json:"status"`
	Code      string `json:"code"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// Reject answers with status and an Error.
func Reject(w http.ResponseWriter, status int, code, msg string) {
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A client that has gone is nobody's error.
	_ = json.NewEncoder(w).Encode(Error{Status: "error", Code: code, ErrorType: code, Error: msg})
}

// Unavailable answers 503 with Retry-After: Prometheus's remote write keeps a
// sample that was answered 503 and drops one answered 429.
func Unavailable(w http.ResponseWriter, msg string) {
	w.Header().Set("Retry-After", "5")
	Reject(w, http.StatusServiceUnavailable, "unavailable", msg)
}
