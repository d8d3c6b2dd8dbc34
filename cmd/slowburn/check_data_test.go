package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// samplesOf is a TSDB with two hours of series, by name and labels, that grow by so
// much a minute.
func samplesOf(t *testing.T, perMinute map[string]float64, series map[string]labels.Labels) *promtsdb.DB {
	t.Helper()
	db, err := promtsdb.Open(t.TempDir(), nil, nil, promtsdb.DefaultOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	app := db.AppenderV2(context.Background())
	now := time.Now().UnixMilli()
	for name, lset := range series {
		for i := range int64(121) {
			if _, err := app.Append(0, lset, 0, now-(120-i)*60_000, perMinute[name]*float64(i), nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestCheckLooksAtAPrometheus(t *testing.T) {
	db := samplesOf(t, map[string]float64{"busy": 1000, "lost": 1, "quiet": 0.1, "bucket": 1, "count": 1}, map[string]labels.Labels{
		"busy":   labels.FromStrings(labels.MetricName, "busy_total", "plan", "free"),
		"lost":   labels.FromStrings(labels.MetricName, "lost_total", "plan", "gold"),
		"level":  labels.FromStrings(labels.MetricName, "level"),
		"quiet":  labels.FromStrings(labels.MetricName, "quiet_total"),
		"bucket": labels.FromStrings(labels.MetricName, "wait_seconds_bucket", "le", "0.25"),
		"count":  labels.FromStrings(labels.MetricName, "wait_seconds_count"),
	})
	p := servePrometheus(t, db, false)
	p.types = map[string]string{"level": "gauge", "busy_total": "counter"}
	file := filepath.Join(t.TempDir(), "slo.yml")
	putFile(t, file, `version: slowburn/v1
service: shop
objectives:
  - {name: busy, target: 99, sli: {events: {bad: 'busy_total{code="5"}', total: busy_total}}}
  - {name: plans, target: 99, by: plan, sli: {events: {bad: lost_total, total: busy_total}}}
  - {name: level, target: 99, sli: {events: {bad: 'level{code="5"}', total: level}}}
  - {name: quiet, target: 99.9, sli: {events: {bad: 'quiet_total{code="5"}', total: quiet_total}}}
  - {name: gone, target: 99, sli: {events: {bad: 'gone_total{code="5"}', total: gone_total}}}
  - {name: slow, target: 99, window: 7d, sli: {latency: {histogram: wait_seconds, threshold: 300ms}}}
  - {name: edge, target: 9, window: 90d, sli: {latency: {histogram: wait_seconds, threshold: 0.25}}}
`)
	var out bytes.Buffer
	if code := execute([]string{"check", "--format=json", "--prometheus.url=" + p.URL, "--storage.ledger.retention=60d", file}, streams{&out, &out}); code != exitFailed {
		t.Errorf("want exit code %d, have %d", exitFailed, code)
	}
	var items []item
	decode(t, out.Bytes(), &items)
	have := map[string]string{}
	for _, i := range items {
		have[i.Check] += i.Level + " "
		if i.Check != "never-fires" && i.Line == 0 {
			t.Errorf("want a place for %s", i.Message)
		}
	}
	want := map[string]string{"gauge": "warning ", "bad-group": "warning ", "traffic": "warning ", "no-series": "warning ", "bucket": "error ", "retention": "warning ", "never-fires": "warning warning "}
	if !cmp.Equal(want, have) {
		t.Errorf("%s\n%s", cmp.Diff(want, have), out.String())
	}
	for _, row := range rows(t, "check.md", 3) {
		if row[2] != "files" && have[row[0]] == "" {
			t.Errorf("docs/reference/check.md lists %s, which is not found here", row[0])
		}
	}
}

func decode(t *testing.T, text []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
