package rig

import (
	"fmt"
	"testing"
	"time"

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
	dir, addr := t.TempDir(), proc.FreeAddress(t)
	write(t, dir, "prometheus.yml", fmt.Sprintf(`
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels:
    cluster: e2e
    prometheus: one
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: [%q]
remote_write:
  - url: http://%s/api/v1/write
    protobuf_message: %s
    queue_config:
      batch_send_deadline: 1s
`, target, writeTo, protocol))
	p := &Prometheus{URL: "http://" + addr}
	p.proc = proc.Start(t, dir, "prometheus", Peer(t, "prometheus"),
		"--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address="+addr)
	ready(t, "prometheus", p.URL+"/-/ready", 30*time.Second, p.proc)
	return p
}

// Kill ends it as kill -9 does.
func (p *Prometheus) Kill() { p.proc.Kill() }
