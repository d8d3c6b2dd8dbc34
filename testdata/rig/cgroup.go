package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// NewCgroup makes a control group that may hold so much memory, bytes, and returns its
// folder. The test is skipped where it may not: that takes Linux and root.
func NewCgroup(t testing.TB, memory int64) string {
	t.Helper()
	name := fmt.Sprintf("slowburn-test-%d-%d", os.Getpid(), memory)
	var last error
	for _, limit := range []string{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"} { // v1, v2
		root, file := filepath.Split(limit)
		dir := filepath.Join(root, name)
		if last = os.Mkdir(dir, 0o755); last != nil {
			continue
		}
		t.Cleanup(func() {
			// Whom it held may take a moment to be gone.
			for range 50 {
				if os.Remove(dir) == nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		// The kernel has made the file. Beside v1 the other root may be any folder.
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
		if err != nil {
			last = err
			continue
		}
		_, err = fmt.Fprintln(f, memory)
		if last = errors.Join(err, f.Close()); last == nil {
			return dir
		}
	}
	t.Skipf("NOT TESTED: a cgroup needs root on Linux: %v", last)
	return ""
}
