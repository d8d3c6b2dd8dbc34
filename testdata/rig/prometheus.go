package rig

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/slowburn/slowburn/testdata/proc"
)

// Protocol is a remote-write protocol by the name Prometheus's configuration gives it.
type Protocol string

// The two protocols.
const (
	RemoteWrite1 Protocol = "prometheus.WriteRequest"
	RemoteWrite2 Protocol = "io.prometheus.write.v2.Request"
)

// Prometheus is a real Prometheus that scrapes one target each second and
// remote-writes to slowburn.
type Prometheus struct {
	// URL is its own API.
	URL  string
	proc *proc.Process
}

// StartPrometheus starts it and waits until it is ready.
func StartPrometheus(t testing.TB, protocol Protocol, target, writeTo string) *Prometheus {
	t.Helper()
	return StartReplica(t, protocol, target, writeTo, "")
}

// StartReplica starts one of several that scrape the same target for the same
// source. Without a name it is no replica.
func StartReplica(t testing.TB, protocol Protocol, target, writeTo, replica string) *Prometheus {
	t.Helper()
	if replica != "" {
		replica = "prometheus_replica: " + replica
	}
	return StartPrometheusWith(t, map[string]string{"prometheus.yml": fmt.Sprintf(`
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels:
    cluster: e2e
    prometheus: one
    %s
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: [%q]
remote_write:
  - url: http://%s/api/v1/write
    protobuf_message: %s
    send_exemplars: true
    queue_config:
      batch_send_deadline: 1s
`, replica, target, writeTo, protocol)})
}

// StartPrometheusWith starts one in a folder of these files, prometheus.yml among
// them, and waits until it is ready.
func StartPrometheusWith(t testing.TB, files map[string]string) *Prometheus {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, dir, name, text)
	}
	return StartPrometheusIn(t, dir)
}

// StartPrometheusIn starts one in a folder that holds prometheus.yml and, in data, what
// its TSDB knows already, and waits until it is ready.
func StartPrometheusIn(t testing.TB, dir string) *Prometheus {
	t.Helper()
	addr := proc.FreeAddress(t)
	p := &Prometheus{URL: "http://" + addr}
	p.proc = proc.Start(t, dir, "prometheus", Peer(t, "prometheus"),
		"--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address="+addr, "--enable-feature=exemplar-storage")
	ready(t, "prometheus", &http.Client{Timeout: time.Second}, p.URL+"/-/ready", 30*time.Second, p.proc)
	return p
}

// Kill ends it as kill -9 does.
func (p *Prometheus) Kill() { p.proc.Kill() }

// API is Prometheus's Go client, pointed at it.
func (p *Prometheus) API(t testing.TB) v1.API {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: p.URL})
	if err != nil {
		t.Fatalf("make a client for Prometheus: %v", err)
	}
	return v1.NewAPI(client)
}

// Memory is what it holds resident, bytes.
func (p *Prometheus) Memory(t testing.TB) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.proc.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}
