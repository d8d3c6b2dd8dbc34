package main

import (
	"context"
	"math"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// told is a story as it is told: readers may wait for a line.
type told struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newTold() *told { return &told{more: make(chan struct{}, 1)} }

func (t *told) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case t.more <- struct{}{}:
	default:
	}
	return t.text.Write(b)
}

func (t *told) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// until waits for text that matches and returns its groups.
func (t *told) until(tb testing.TB, pattern string, atMost time.Duration) []string {
	tb.Helper()
	re := regexp.MustCompile(pattern)
	end := time.After(atMost)
	for {
		if m := re.FindStringSubmatch(t.String()); m != nil {
			return m
		}
		select {
		case <-t.more:
		case <-end:
			tb.Fatalf("no %q in %s; told so far:\n%s", pattern, atMost, t)
		}
	}
}

// startDemo runs a demo; stop ends it as Ctrl-C does and returns what it came to.
func startDemo(tb testing.TB, f demoFlags) (out, errs *told, stop func() error) {
	tb.Helper()
	f.Listen = "127.0.0.1:0"
	if err := f.validate(); err != nil {
		tb.Fatal(err)
	}
	tb.Setenv("TMPDIR", tb.TempDir())
	out, errs = newTold(), newTold()
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- runDemo(ctx, &f, streams{out, errs}) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	tb.Cleanup(func() { _ = stop() })
	return out, errs, stop
}

// The demo from beginning to end, in fast motion: its outage is paged once and
// resolved, the budget read through Prometheus's client is what the shop lost, and
// nothing is left behind.
func TestDemo(t *testing.T) {
	out, errs, stop := startDemo(t, demoFlags{History: model.Duration(12 * time.Hour), Speed: 30})
	address := out.until(t, `open +(\S+)`, 10*time.Second)[1]
	out.until(t, `history is in: 12h of 72 series, [\d,]+ samples`, 60*time.Second)
	region := out.until(t, `checkout in (\S+) breaks`, 30*time.Second)[1]
	out.until(t, `first bad scrape`, 30*time.Second)
	out.until(t, `page, \d+ s after the first bad scrape, [\d.]+ % of the month's budget\n +SLOErrorBudgetBurn severity=page service=checkout slo=availability region=`+region, 30*time.Second)
	out.until(t, `healed: rolled back`, 30*time.Second)
	out.until(t, `resolved, \d+ min \d+ s after it healed`, 3*time.Minute)
	left := out.until(t, `has (-?[\d.]+) % of its 30d budget left \(target 99.95 %\); the outage cost [\d.]+ % of it`, 5*time.Second)

	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	read := func(query string) float64 {
		t.Helper()
		var have model.Value
		// In fast motion a busy machine is soon minutes behind, and what is so late counts
		// as a gap until it is there.
		for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
			v, _, _, err := promv1.NewAPI(client).Query(t.Context(), query, time.Time{})
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if vec, ok := v.(model.Vector); ok && len(vec) == 1 {
				return float64(vec[0].Value)
			}
			have = v
		}
		t.Fatalf("%s: want one value, have %s", query, have)
		return 0
	}
	// All that checkout ever counted, in the ledger and in the raw samples.
	want := read(`sum(last_over_time(http_requests_total{job="checkout",code="503",region="` + region + `"}[5m] offset 2m))`)
	have := read(`slo_bad_events_total{service="checkout",slo="availability",region="` + region + `"} offset 2m`)
	if d := want - have; d < -200 || d > 200 { // scrapes lie within slots
		t.Errorf("want %g bad events, have %g", want, have)
	}
	ratio := read(`slo_error_budget_remaining_ratio{service="checkout",slo="availability",region="` + region + `",window="30d"}`)
	if want, err := strconv.ParseFloat(left[1], 64); err != nil || math.Abs(want-ratio*100) > 2 { // the shop goes on
		t.Errorf("want %s %% of the budget left, as the story says, have %g: %v", left[1], ratio, err)
	}
	if n := strings.Count(out.String(), "severity=page"); n != 1 {
		t.Errorf("want one page, have %d:\n%s", n, out)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("", complaints(errs.String())); diff != "" {
		t.Errorf("standard error: %s", diff)
	}
	if files, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(files) > 0 {
		t.Errorf("want nothing left behind, have %v, %v", files, err)
	}
}

// complaints are the lines that are not progress.
func complaints(text string) string {
	var rest []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "history:") {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "")
}

func TestDemoRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/mine", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := runDemo(t.Context(), &demoFlags{Listen: "127.0.0.1:0", Keep: dir, Speed: 1, History: model.Duration(time.Hour)}, streams{newTold(), newTold()})
	if want := "is not empty"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want %q, have %v", want, err)
	}
	for _, f := range []demoFlags{
		{History: model.Duration(time.Minute), Speed: 1},
		{History: model.Duration(time.Hour), Speed: 0.5},
		{History: model.Duration(time.Hour), Speed: 1, Alertmanager: &url.URL{Path: "localhost:9093"}},
	} {
		if f.validate() == nil {
			t.Errorf("want %+v refused", f)
		}
	}
}

// BenchmarkDemoHistory is how long 30 days of history take: 72 series by remote
// write, 172,800 slots, seven budgets.
func BenchmarkDemoHistory(b *testing.B) {
	for b.Loop() {
		out, _, stop := startDemo(b, demoFlags{History: model.Duration(30 * 24 * time.Hour), Speed: 1})
		out.until(b, `history is in`, 5*time.Minute)
		if err := stop(); err != nil {
			b.Fatal(err)
		}
	}
}
