package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// testStart is 2027-01-15 00:00 UTC.
const testStart = int64(1_799_971_200_000)

const checkoutSLO = `version: slowburn/v1
service: checkout
objectives:
  - name: availability
    target: 99.9
    sli:
      events:
        bad: http_requests_total{job="checkout",code=~"5.."}
        total: http_requests_total{job="checkout"}
`

// writeCheckout writes hours of 10 requests a second to a TSDB, all of which fail
// for ten minutes at the given hour, and returns bad and total.
func writeCheckout(t *testing.T, db *promtsdb.DB, from int64, hours, outage int64) (bad, total float64) {
	t.Helper()
	app := db.AppenderV2(context.Background())
	const hour = 60 * 60 * 1000
	good := 0.0
	for ts := from + 15_000; ts <= from+hours*hour; ts += 15_000 {
		if down := from + outage*hour; ts > down && ts <= down+hour/6 {
			bad += 150
		} else {
			good += 150
		}
		for code, v := range map[string]float64{"200": good, "500": bad} {
			lset := labels.FromStrings(labels.MetricName, "http_requests_total", "job", "checkout", "instance", "c1", "code", code)
			if _, err := app.Append(0, lset, 0, ts, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	// The first sample counts from nothing.
	return bad, good + bad - 150
}

func openTestTSDB(t *testing.T, dir string) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.EnableSTStorage, opts.FloatChunkEncoding = true, chunkenc.EncXOR2
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// slowburn runs the command and returns what it said.
func slowburn(t *testing.T, args ...string) (code int, out, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	code = execute(args, streams{&o, &e})
	return code, o.String(), e.String()
}

func mustBacktest(t *testing.T, args ...string) backtestJSON {
	t.Helper()
	code, out, complaint := slowburn(t, append([]string{"backtest", "--format=json"}, args...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, complaint)
	}
	var doc backtestJSON
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return doc
}

// TestBacktest runs an outage from every place the past may come from: a TSDB's
// folder, slowburn's own data, a Prometheus by remote read and by queries.
func TestBacktest(t *testing.T) {
	data := t.TempDir()
	db := openTestTSDB(t, filepath.Join(data, "raw"))
	bad, total := writeCheckout(t, db, testStart, 8, 5)
	file := write(t, filepath.Join(t.TempDir(), "checkout.yml"), checkoutSLO)
	stretch := []string{"--start=2027-01-15", "--end=2027-01-15T08:00:00Z", file}

	reading := servePrometheus(t, db, true)
	asking := servePrometheus(t, db, false)
	for name, from := range map[string]string{
		"tsdb":        "--history.tsdb=" + filepath.Join(data, "raw"),
		"own data":    "--storage.tsdb.path=" + data,
		"remote read": "--history.url=" + reading.URL,
		"queries":     "--history.url=" + asking.URL + "/",
	} {
		t.Run(name, func(t *testing.T) {
			doc := mustBacktest(t, append([]string{from}, stretch...)...)
			v := doc.Variants[0]
			w := v.Budgets[0].Windows[0]
			if w.Bad != bad || w.Total != total {
				t.Errorf("want %g of %g bad, have %g of %g", bad, total, w.Bad, w.Total)
			}
			want := 1 - bad/(total*0.001)
			if w.Remaining == nil || math.Abs(*w.Remaining-want) > 1e-9 {
				t.Errorf("want %g remaining, have %v", want, w.Remaining)
			}
			page := v.Alerts[slices.IndexFunc(v.Alerts, func(a alertJSON) bool { return a.Severity == "page" })]
			if page.Long != "1h" || page.Onset == nil || !page.Onset.Equal(time.UnixMilli(testStart).Add(5*time.Hour)) {
				t.Errorf("want a page of 1h with onset at 05:00, have %+v", page)
			}
			if page.Minutes == nil || *page.Minutes <= 0 || *page.Minutes > 1.25 {
				t.Errorf("want the page within 75 s, have %v min", page.Minutes)
			}
			if page.Resolved == nil {
				t.Error("want the page resolved")
			}
		})
	}
	if reading.reads.Load() == 0 || asking.reads.Load() != 0 || asking.queries.Load() == 0 {
		t.Errorf("want reads from one and queries from the other, have %d, %d and %d", reading.reads.Load(), asking.reads.Load(), asking.queries.Load())
	}
	t.Run("table", func(t *testing.T) {
		_, out, _ := slowburn(t, append([]string{"backtest", "--history.tsdb=" + filepath.Join(data, "raw")}, stretch...)...)
		for _, want := range []string{"AFTER ONSET", "page      checkout/availability  1h/5m", "99.9%"} {
			if !strings.Contains(out, want) {
				t.Errorf("want %q in\n%s", want, out)
			}
		}
	})
	t.Run("compare", func(t *testing.T) {
		other := write(t, filepath.Join(t.TempDir(), "loose.yml"), strings.ReplaceAll(checkoutSLO, "99.9", "90"))
		doc := mustBacktest(t, append([]string{"--history.tsdb=" + filepath.Join(data, "raw"), "--compare=" + other}, stretch...)...)
		if len(doc.Variants) != 2 || len(doc.Variants[0].Alerts) == 0 || len(doc.Variants[1].Alerts) != 0 || doc.Variants[1].Budgets[0].Target != 0.9 {
			t.Errorf("want pages at 99.9 %% and none at 90 %%, have %+v", doc.Variants)
		}
		_, out, _ := slowburn(t, append([]string{"backtest", "--history.tsdb=" + filepath.Join(data, "raw"), "--compare=" + other}, stretch...)...)
		if !strings.Contains(out, "A FIRED") || !strings.Contains(out, "B TARGET") {
			t.Errorf("want both side by side, have\n%s", out)
		}
	})
	t.Run("compare tiers", func(t *testing.T) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "checkout.yml"), checkoutSLO)
		config := write(t, filepath.Join(dir, "slowburn.yml"), "slo_files: [checkout.yml]\ntiers:\n  standard:\n    alerts:\n      - severity: ticket\n        pairs: [{long: 1h, short: 5m, factor: 500}]\n")
		doc := mustBacktest(t, append([]string{"--history.tsdb=" + filepath.Join(data, "raw"), "--compare=" + config}, stretch...)...)
		if a := doc.Variants[1].Alerts; len(a) != 0 {
			t.Errorf("want no alert above 500x, have %+v", a)
		}
	})
}

func TestBacktestSaysWhatToDo(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "checkout.yml"), checkoutSLO)
	empty := t.TempDir()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--history.tsdb=" + empty, file}, 1, "is no TSDB: name slowburn's data folder"},
		{[]string{"--history.tsdb=a", "--history.url=http://b", file}, 2, "exclude each other"},
		{[]string{"--history.url=b:9090", file}, 2, "want the URL of a Prometheus"},
		{[]string{"--start=yesterday", file}, 2, "want a time such as"},
		{[]string{"--history.url=" + gone.URL, file}, 1, "is it the address of a Prometheus"},
		{[]string{filepath.Join(empty, "none.yml")}, 1, "none.yml"},
	} {
		code, _, complaint := slowburn(t, append([]string{"backtest"}, c.args...)...)
		if code != c.code || !strings.Contains(complaint, c.want) {
			t.Errorf("%v: want exit code %d and %q, have %d and %q", c.args, c.code, c.want, code, complaint)
		}
	}
}
