package govern

import "fmt"

// Code tells programs what is wrong with a request; it is stable.
type Code string

// The codes.
const (
	CodeBadParameter   Code = "bad_parameter"
	CodeUnknownService Code = "unknown_service"
	CodeUnknownSLO     Code = "unknown_slo"
	CodeNotFound       Code = "not_found"
	CodeFuture         Code = "time_in_future"
	CodeTooOld         Code = "time_too_old"
	CodeReversed       Code = "times_reversed"
	CodeTooLong        Code = "too_long"
	CodeConflict       Code = "conflict"
	CodeTooMany        Code = "too_many"
	CodeNoAuthor       Code = "no_author"
	CodeNotAllowed     Code = "not_allowed"
)

// Error is a request that cannot be done, with what to do instead.
type Error struct {
	Code Code
	Msg  string
}

func (e *Error) Error() string { return e.Msg }

// Errorf makes one.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}
