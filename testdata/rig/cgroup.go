package rig

import (
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
	for root, file := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} { // v1, v2
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
		if last = os.WriteFile(filepath.Join(dir, file), fmt.Appendln(nil, memory), 0); last == nil {
			return dir
		}
	}
	t.Skipf("NOT TESTED: a cgroup needs root on Linux: %v", last)
	return ""
}
