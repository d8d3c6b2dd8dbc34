package promapi

import (
	"encoding/json"
	"net/http"
)

// response is Prometheus's envelope.
type response struct {
	Status    string `json:"status"`
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

func succeed(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	// A client that has gone is nobody's error.
	_ = json.NewEncoder(w).Encode(response{Status: "success", Data: data})
}

func fail(w http.ResponseWriter, status int, errorType, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(response{Status: "error", ErrorType: errorType, Error: msg})
}

func badParam(w http.ResponseWriter, name, msg string) {
	fail(w, http.StatusBadRequest, "bad_data", "invalid parameter \""+name+"\": "+msg)
}
