package proc

import "syscall"

// dieWithParent lets the kernel end the child should the test process itself be
// killed, so that no peer is left behind. The kernel ties this to the thread that
// forked; the runtime ends a thread only for a goroutine that exits while locked
// to it, and no test does that.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
