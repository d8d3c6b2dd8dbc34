package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slowburn/slowburn/testdata/proc"
)

// serveOnAClock is `slowburn serve` whose wall clock is what stands on its standard
// input: a time in ms on each line, answered by the same line once it holds. The rest is
// the program as it is: time is an argument of the server.
func serveOnAClock() {
	app := kingpin.New("slowburn", "")
	f := newServeFlags(app.Command("serve", ""))
	_, err := app.Parse(os.Args[1:])
	var now atomic.Int64
	set := make(chan struct{})
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			ms, _ := strconv.ParseInt(in.Text(), 10, 64)
			if now.Swap(ms) == 0 {
				close(set)
			}
			fmt.Println(ms)
		}
	}()
	<-set
	if err == nil {
		err = runServeAt(context.Background(), f, f.logger(streams{os.Stdout, os.Stderr}), func() time.Time { return time.UnixMilli(now.Load()) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// clocked is such a process, and a second source that tells when it has looked at what
// it was sent: the metronome, with an objective of its own.
type clocked struct {
	t       *testing.T
	dir     string
	address string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	beats   float64
}

const metronomeSLO = `version: slowburn/v1
service: metronome
objectives:
  - name: beats
    target: 99
    sli:
      events:
        bad: beats_total{kind="missed"}
        total: beats_total
`

// startClocked starts a process over an SLO file.
func startClocked(t *testing.T, sloFile string, now int64) *clocked {
	t.Helper()
	c := &clocked{t: t, dir: t.TempDir(), address: proc.FreeAddress(t)}
	write(t, filepath.Join(c.dir, "slo.yml"), sloFile)
	write(t, filepath.Join(c.dir, "metronome.yml"), metronomeSLO)
	write(t, filepath.Join(c.dir, "slowburn.yml"), "slo_files: [slo.yml, metronome.yml]\n")
	c.start(now)
	t.Cleanup(c.kill)
	return c
}

func (c *clocked) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clocked) start(now int64) {
	c.t.Helper()
	bin, err := exec.LookPath("slowburn-on-a-clock")
	c.must(err)
	c.cmd = exec.Command(bin, "serve", "--config.file=slowburn.yml", "--storage.tsdb.path=data", "--storage.raw.retention=1000d", "--web.listen-address="+c.address)
	c.cmd.Dir = c.dir
	c.cmd.Stderr, err = os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	c.must(err)
	c.in, err = c.cmd.StdinPipe()
	c.must(err)
	out, err := c.cmd.StdoutPipe()
	c.must(err)
	c.out = bufio.NewReader(out)
	c.must(c.cmd.Start())
	c.set(now)
	proc.Until(c.t, time.Minute, "slowburn is ready", func() error {
		_, err := c.ask("/-/ready")
		return err
	})
}

// kill ends the process as `kill -9` does.
func (c *clocked) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// set puts the clock to a time, ms.
func (c *clocked) set(now int64) {
	c.t.Helper()
	_, err := fmt.Fprintln(c.in, now)
	c.must(err)
	_, err = c.out.ReadString('\n')
	c.must(err)
}

func (c *clocked) ask(path string) ([]byte, error) {
	resp, err := http.Get("http://" + c.address + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return body, err
}

// get decodes a JSON answer.
func (c *clocked) get(path string, into any) {
	c.t.Helper()
	body, err := c.ask(path)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	c.must(err)
}

// write posts series by remote write 1.0.
func (c *clocked) write(series ...prompb.TimeSeries) (status int) {
	c.t.Helper()
	body, err := (&prompb.WriteRequest{Timeseries: series}).Marshal()
	c.must(err)
	req, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
	c.must(err)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := http.DefaultClient.Do(req)
	c.must(err)
	resp.Body.Close()
	return resp.StatusCode
}

// beat lets the metronome beat at now, when one of its slots has just become due, and
// waits until that slot was closed: then all that was sent before was looked at.
func (c *clocked) beat(now int64) {
	c.t.Helper()
	c.beats++
	lset := labels.FromStrings(labels.MetricName, "beats_total", "kind", "heard", "prometheus", "metronome")
	if status := c.write(timeSeries(lset, now, c.beats)); status/100 != 2 {
		c.t.Fatalf("the metronome's beat was answered %d", status)
	}
	closed := now - now%15_000
	if c.beats == 1 {
		return // there was no slot before it
	}
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		var doc struct {
			Data struct{ Budgets []budgetAnswer }
		}
		c.get("/api/slo/v1/budgets?service=metronome", &doc)
		if len(doc.Data.Budgets) == 1 && doc.Data.Budgets[0].DataTimeMS >= closed {
			return
		}
		if time.Since(begin) > time.Minute {
			c.t.Fatalf("the metronome's slot that ends at %d was not closed: %+v", closed, doc)
		}
	}
}

func timeSeries(lset labels.Labels, t int64, v float64) prompb.TimeSeries {
	return prompb.TimeSeries{Labels: prompb.FromLabels(lset, nil), Samples: []prompb.Sample{{Timestamp: t, Value: v}}}
}
