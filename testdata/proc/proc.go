package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a running or ended child process. Its methods are safe for
// concurrent use.
type Process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // valid once done is closed
	kill sync.Once
}

// Start runs a program in dir until it ends, is stopped, or the test is over.
// Its standard output and error go to name.log in dir, appended.
func Start(t testing.TB, dir, name, bin string, args ...string) *Process {
	t.Helper()
	p := &Process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	if _, err := os.Stat(p.log); err != nil {
		// The first of its name here prints the log of all of them, when all have ended.
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("--- end of %s's log\n%s", name, tail(p.Log(), 60))
			}
		})
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatalf("open the log of %s: %v", name, err)
	}
	p.cmd = exec.Command(bin, args...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = dieWithParent()
	if err := p.cmd.Start(); err != nil {
		out.Close()
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		out.Close()
		close(p.done)
	}()
	t.Cleanup(p.Kill)
	return p
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running says whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal; a process that has ended is left alone.
func (p *Process) Signal(sig os.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Kill ends the process as kill -9 does and returns once it is gone.
func (p *Process) Kill() {
	p.kill.Do(func() { p.cmd.Process.Kill() })
	<-p.done
}

// Stop asks the process to end with SIGTERM and says how long it took. It is an
// error if it takes longer than within, or exits with another code than 0.
func (p *Process) Stop(within time.Duration) (time.Duration, error) {
	begin := time.Now()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("signal %s: %w", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(within):
		p.Kill()
		return within, fmt.Errorf("%s still runs %s after SIGTERM", p.name, within)
	}
	if p.err != nil {
		return time.Since(begin), fmt.Errorf("%s after SIGTERM: %w", p.name, p.err)
	}
	return time.Since(begin), nil
}

// Log is what the process has printed so far, and what earlier processes of its
// name in its folder did.
func (p *Process) Log() string {
	b, _ := os.ReadFile(p.log)
	return string(b)
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
