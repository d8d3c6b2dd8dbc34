package steer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/slowburn/slowburn/slo/govern"
	"github.com/slowburn/slowburn/web/guard"
)

// statuses are those of codes; the others are 400.
var statuses = map[govern.Code]int{
	govern.CodeUnknownService: http.StatusNotFound,
	govern.CodeUnknownSLO:     http.StatusNotFound,
	govern.CodeNotFound:       http.StatusNotFound,
	govern.CodeConflict:       http.StatusConflict,
	govern.CodeTooMany:        http.StatusTooManyRequests,
	govern.CodeNoAuthor:       http.StatusForbidden,
	govern.CodeNotAllowed:     http.StatusForbidden,
}

// refuse answers with what is wrong.
func refuse(w http.ResponseWriter, err error) {
	var ours *govern.Error
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		guard.Reject(w, http.StatusRequestEntityTooLarge, "body_too_large", "the body is longer than 64 KiB")
	case errors.As(err, &ours):
		status := statuses[ours.Code]
		if status == 0 {
			status = http.StatusBadRequest
		}
		guard.Reject(w, status, string(ours.Code), ours.Msg)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		guard.Unavailable(w, "it took too long")
	default:
		guard.Reject(w, http.StatusInternalServerError, "internal", err.Error())
	}
}

// succeed answers {"status":"success","data":…}.
func succeed(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client has gone if this fails.
	_ = json.NewEncoder(w).Encode(struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{"success", data})
}

// list is v, and [] instead of null.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}
