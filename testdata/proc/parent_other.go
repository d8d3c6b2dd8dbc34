//go:build !linux

package proc

import "syscall"

// dieWithParent has no counterpart here: a killed test leaves its children.
func dieWithParent() *syscall.SysProcAttr { return nil }
