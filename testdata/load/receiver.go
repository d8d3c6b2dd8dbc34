//go:build load

package load

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// Receiver is one process that takes remote write.
type Receiver struct {
	Name, URL string
	pid       int
}

// CPU is the time the process has used, user and system.
func (r *Receiver) CPU(t testing.TB) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.pid))
	if err != nil {
		t.Fatal(err)
	}
	// Behind the name in brackets: state is field 3, utime and stime 14 and 15, in
	// hundredths of a second.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("read CPU time: %v, %v", err1, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// Waited is for how long the process's threads that live have waited for a core, all
// together: what its request times owe to others.
func (r *Receiver) Waited(t testing.TB) time.Duration {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", r.pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("read waiting times: %v", err)
	}
	sum := time.Duration(0)
	for _, path := range threads {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited int64 // ns
		if _, err := fmt.Sscan(string(b), &ran, &waited); err != nil {
			t.Fatalf("read %s: %v", path, err)
		}
		sum += time.Duration(waited)
	}
	return sum
}

// Freeze stops the process until Thaw.
func (r *Receiver) Freeze(t testing.TB) { r.signal(t, syscall.SIGSTOP) }

// Thaw lets the process go on.
func (r *Receiver) Thaw(t testing.TB) { r.signal(t, syscall.SIGCONT) }

func (r *Receiver) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(r.pid, s); err != nil {
		t.Fatalf("signal %s: %v", r.Name, err)
	}
}

// startSlowburn starts slowburn with the given SLO file.
func startSlowburn(t testing.TB, name, slos string) *Receiver {
	s := rig.NewSlowburn(t, rig.FeedConfig("127.0.0.1:1"), map[string]string{"load.yml": slos})
	s.Start()
	s.Ready(30 * time.Second)
	return &Receiver{name, "http://" + s.Addr + "/api/v1/write", s.PID()}
}

func startPrometheus(t testing.TB) *Receiver {
	dir, addr := t.TempDir(), proc.FreeAddress(t)
	if err := os.WriteFile(dir+"/prometheus.yml", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p := proc.Start(t, dir, "prometheus", rig.Peer(t, "prometheus"), "--config.file=prometheus.yml",
		"--storage.tsdb.path=data", "--web.listen-address="+addr, "--web.enable-remote-write-receiver")
	answers(t, "http://"+addr+"/-/ready")
	return &Receiver{"prometheus", "http://" + addr + "/api/v1/write", p.PID()}
}

func startVictoriaMetrics(t testing.TB) *Receiver {
	dir, addr := t.TempDir(), proc.FreeAddress(t)
	p := proc.Start(t, dir, "victoria-metrics", rig.Peer(t, "victoria-metrics"),
		"-storageDataPath=data", "-httpListenAddr="+addr)
	answers(t, "http://"+addr+"/health")
	return &Receiver{"victoria-metrics", "http://" + addr + "/api/v1/write", p.PID()}
}

func answers(t testing.TB, url string) {
	t.Helper()
	proc.Until(t, 30*time.Second, url, func() error {
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", resp.Status)
		}
		return nil
	})
}
