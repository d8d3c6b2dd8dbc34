package rig

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
)

// Slowburn is the program under test in a folder of its own, which outlives the
// process: Start after Kill continues with the same data and address.
type Slowburn struct {
	// Addr is host:port of its web server.
	Addr string

	t         testing.TB
	dir       string
	proc      *proc.Process
	scheme    string            // empty: http
	transport http.RoundTripper // nil: the default
}

// NewSlowburn writes the configuration and SLO files (by name, under slos/), and
// starts nothing.
func NewSlowburn(t testing.TB, config string, slos map[string]string) *Slowburn {
	t.Helper()
	s := &Slowburn{Addr: proc.FreeAddress(t), t: t, dir: t.TempDir()}
	write(t, s.dir, "slowburn.yml", config)
	for name, text := range slos {
		s.WriteSLO(name, text)
	}
	return s
}

// WriteConfig replaces the configuration; Reload makes slowburn read it.
func (s *Slowburn) WriteConfig(text string) {
	s.t.Helper()
	write(s.t, s.dir, "slowburn.yml", text)
}

// WriteSLO replaces the SLO file slos/name; Reload makes slowburn read it.
func (s *Slowburn) WriteSLO(name, text string) {
	s.t.Helper()
	write(s.t, s.dir, "slos/"+name, text)
}

// WriteFile writes another file into its folder.
func (s *Slowburn) WriteFile(name, text string) {
	s.t.Helper()
	write(s.t, s.dir, name, text)
}

// Path is where a file of its folder lies.
func (s *Slowburn) Path(name string) string { return filepath.Join(s.dir, name) }

// DataDir is its data folder.
func (s *Slowburn) DataDir() string { return s.Path("data") }

// Secure makes the rig ask it over TLS as that configuration says, each time on a new
// connection. That it speaks TLS is for its own flags to say.
func (s *Slowburn) Secure(c *tls.Config) {
	s.scheme, s.transport = "https", &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}
}

// As makes the rig show a bearer token wherever it asks and nothing else is shown.
func (s *Slowburn) As(token string) { s.transport = bearer(token) }

type bearer string

func (token bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+string(token))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// URL is that of its web server.
func (s *Slowburn) URL() string { return cmp.Or(s.scheme, "http") + "://" + s.Addr }

// Client is one that can ask it, and waits so long for an answer.
func (s *Slowburn) Client(patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: s.transport}
}

// Start runs slowburn, with more flags if given, and returns at once.
func (s *Slowburn) Start(flags ...string) {
	s.t.Helper()
	s.start(Program(s.t), s.flags(flags))
}

// StartLimited runs it with so little memory, such as 64MiB, as GOMEMLIMIT says.
func (s *Slowburn) StartLimited(memory string, flags ...string) {
	s.t.Helper()
	s.start("env", append([]string{"GOMEMLIMIT=" + memory, Program(s.t)}, s.flags(flags)...))
}

// StartIn runs it in a control group, whose folder NewCgroup returned.
func (s *Slowburn) StartIn(cgroup string, flags ...string) {
	s.t.Helper()
	enter := `echo $$ > "$0"/cgroup.procs && exec "$@"`
	s.start("sh", append([]string{"-c", enter, cgroup, Program(s.t)}, s.flags(flags)...))
}

// StartResolving runs it with a resolv.conf of its own, which names that server alone.
func (s *Slowburn) StartResolving(names *DNS, flags ...string) {
	s.t.Helper()
	s.WriteFile("resolv.conf", "nameserver "+names.IP+"\noptions attempts:1 timeout:1\n")
	s.start("unshare", append([]string{"--mount", "sh", "-c", `mount --bind resolv.conf /etc/resolv.conf && exec "$0" "$@"`, Program(s.t)}, s.flags(flags)...))
}

func (s *Slowburn) start(bin string, args []string) {
	s.t.Helper()
	s.proc = proc.Start(s.t, s.dir, "slowburn", bin, args...)
}

func (s *Slowburn) flags(more []string) []string {
	return append([]string{"serve",
		"--config.file=slowburn.yml", "--storage.tsdb.path=data", "--web.listen-address=" + s.Addr}, more...)
}

// Run runs another command of the program in its folder, to its end, and returns what
// it printed. The error says that it exited with another code than 0.
func (s *Slowburn) Run(args ...string) (string, error) {
	s.t.Helper()
	program := Program(s.t) // building it does not count
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Begin runs another command of the program in its folder and returns at once.
func (s *Slowburn) Begin(args ...string) *proc.Process {
	s.t.Helper()
	return proc.Start(s.t, s.dir, "slowburn "+args[0], Program(s.t), args...)
}

// Ready waits until slowburn says it is.
func (s *Slowburn) Ready(within time.Duration) time.Duration {
	s.t.Helper()
	return s.ReadyUnder("", within)
}

// ReadyUnder does so for one that serves under a path.
func (s *Slowburn) ReadyUnder(path string, within time.Duration) time.Duration {
	s.t.Helper()
	return ready(s.t, "slowburn", s.Client(time.Second), s.URL()+path+"/-/ready", within, s.proc)
}

// PID is the running process's id.
func (s *Slowburn) PID() int { return s.proc.PID() }

// Kill ends it as kill -9 does.
func (s *Slowburn) Kill() { s.proc.Kill() }

// Abort ends it with SIGQUIT, upon which it prints what all its goroutines do.
func (s *Slowburn) Abort() {
	s.t.Helper()
	if err := s.proc.Signal(syscall.SIGQUIT); err != nil {
		s.t.Fatalf("abort slowburn: %v", err)
	}
	<-s.proc.Done()
}

// Stop ends it with SIGTERM and says how long that took.
func (s *Slowburn) Stop(within time.Duration) (time.Duration, error) { return s.proc.Stop(within) }

// Reload sends SIGHUP.
func (s *Slowburn) Reload() {
	s.t.Helper()
	if err := s.proc.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatalf("reload slowburn: %v", err)
	}
}

// Freeze stops it as SIGSTOP does: connections stay open and nothing is answered.
func (s *Slowburn) Freeze() error { return s.proc.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (s *Slowburn) Thaw() error { return s.proc.Signal(syscall.SIGCONT) }

// Log is what all its processes have printed.
func (s *Slowburn) Log() string { return s.proc.Log() }

// ready polls a readiness address until it answers 200 or the process ends.
func ready(t testing.TB, name string, client *http.Client, url string, within time.Duration, p *proc.Process) time.Duration {
	t.Helper()
	return proc.Until(t, within, name+" is ready", func() error {
		if !p.Running() {
			t.Fatalf("%s has ended", name)
		}
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return &statusError{resp.Status}
		}
		return nil
	})
}

type statusError struct{ status string }

func (e *statusError) Error() string { return "it answers " + e.status }
