package state

import (
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"
)

// damage marks an error that says the file's content cannot be read.
type damage struct{ err error }

func (d *damage) Error() string { return "damaged: " + d.err.Error() }
func (d *damage) Unwrap() error { return d.err }

// isDamage tells a file that cannot be read from one that may not or not now.
func isDamage(err error) bool {
	var d *damage
	var errno syscall.Errno
	switch {
	case errors.As(err, &d):
		return true
	case errors.Is(err, ErrNewer), errors.Is(err, bolterrors.ErrTimeout), errors.As(err, &errno):
		return false
	}
	return true
}

// guarded runs f with bbolt's panics turned into damage. bbolt trusts the pages it
// maps: a flipped byte makes it panic, and a file that was cut short makes the
// read of a mapped page fault.
func guarded[T any](f func() (T, error)) (out T, err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if r := recover(); r != nil {
			err = &damage{fmt.Errorf("%v", r)}
		}
	}()
	return f()
}
