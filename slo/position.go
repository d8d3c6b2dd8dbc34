package slo

import (
	"errors"
	"fmt"
	"strings"
)

// Position is a place in a file. Line and Column count from 1; 0 is unknown.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is bad input at its place: what is wrong, and what to do about it.
type Error struct {
	Position
	Msg string
	// Excerpt is the lines around the place with a marker under the column, as
	// printed by `slowburn check`; may be empty.
	Excerpt string
}

func (e *Error) Error() string {
	s := e.Msg
	if p := e.Position.String(); p != "" {
		s = p + ": " + s
	}
	if e.Excerpt != "" {
		s += "\n" + strings.TrimRight(e.Excerpt, "\n")
	}
	return s
}

// Errors returns every *Error joined into err, in order; an error that has no
// place becomes one without.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	var e *Error
	if errors.As(err, &e) {
		return []*Error{e}
	}
	return []*Error{{Msg: err.Error()}}
}
