//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/rig"
)

// past is three days of a shop in a Prometheus: two counters, scraped each 15 s, a reset,
// and half an hour in which one of five requests fails.
type past struct {
	bad, total float64
	text       strings.Builder
}

const pastSLO = `version: slowburn/v1
service: shop
objectives:
  - name: availability
    target: 99.9
    window: 30d
    sli:
      events:
        bad: http_requests_total{code="500"}
        total: http_requests_total
`

func newPast(end int64) *past {
	p := &past{}
	p.text.WriteString("# TYPE http_requests counter\n")
	const scrapes = 3 * 24 * 240
	for i, code := range []string{"200", "500"} {
		v := 0.0
		for k := range scrapes {
			more := 15.0
			switch burning := k > scrapes-2000 && k <= scrapes-1880; {
			case code == "500" && burning:
				more = 3
			case code == "500":
				more = 0
			}
			if k == scrapes/2 {
				v = 0
			}
			v += more
			if k > 0 {
				p.total += more
				p.bad += more * float64(i)
			}
			fmt.Fprintf(&p.text, "http_requests_total{code=%q,instance=\"i1\",job=\"shop\"} %g %d\n", code, v, end-int64(scrapes-1-k)*15)
		}
	}
	p.text.WriteString("# EOF\n")
	return p
}

// start runs a Prometheus whose TSDB holds the past.
func (p *past) start(t *testing.T) *rig.Prometheus {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"prometheus.yml": "global:\n  external_labels: {prometheus: one}\n", "past.txt": p.text.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(rig.Peer(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make blocks of the past: %v: %s", err, out)
	}
	return rig.StartPrometheusIn(t, dir)
}

// TestHistoryOfAPrometheus reads a real Prometheus by remote read, and one that does not
// answer that by range queries. What backtest says and what backfill, killed half-way and
// begun again, writes are the very increments that Prometheus scraped.
func TestHistoryOfAPrometheus(t *testing.T) {
	p := newPast(time.Now().Add(-time.Minute).Truncate(15 * time.Second).Unix())
	prom := p.start(t)
	for name, address := range map[string]string{"RemoteRead": prom.URL, "Queries": withoutRead(t, prom.URL)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.NewSlowburn(t, "slo_files: [slos/*.yml]\n", map[string]string{"shop.yml": pastSLO})
			p.checkBacktest(t, s, address)
			p.checkBackfill(t, s, address)
		})
	}
}

func (p *past) checkBacktest(t *testing.T, s *rig.Slowburn, address string) {
	t.Helper()
	out, err := s.Run("backtest", "--config.file=slowburn.yml", "--history.url="+address, "--start=4d", "--format=json", "slos/shop.yml")
	if err != nil {
		t.Fatalf("backtest: %v: %s", err, out)
	}
	var doc struct {
		Variants []struct {
			Alerts []struct {
				Severity string
				Minutes  float64 `json:"minutes_after_onset"`
			}
			Budgets []struct {
				Windows []struct {
					Bad   float64 `json:"bad_events"`
					Total float64 `json:"events"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &doc); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	v := doc.Variants[0]
	if w := v.Budgets[0].Windows[0]; w.Bad != p.bad || w.Total != p.total {
		t.Errorf("backtest: want %g bad of %g, have %g of %g", p.bad, p.total, w.Bad, w.Total)
	}
	pages := 0
	for _, a := range v.Alerts {
		if a.Severity == "page" {
			pages++
			if a.Minutes < 0 || a.Minutes > 10 {
				t.Errorf("backtest: want a page within 10 min of the onset, have %g", a.Minutes)
			}
		}
	}
	if pages != 1 {
		t.Errorf("backtest: want one page, have %+v", v.Alerts)
	}
}

func (p *past) checkBackfill(t *testing.T, s *rig.Slowburn, address string) {
	t.Helper()
	args := []string{"backfill", "--config.file=slowburn.yml", "--storage.tsdb.path=data", "--history.url=" + address, "--start=4d"}
	first := s.Begin(args...)
	proc.Until(t, time.Minute, "a block of the past is written", func() error {
		text, err := os.ReadFile(filepath.Join(s.DataDir(), "backfill.json"))
		if err == nil && !strings.Contains(string(text), `"b1": [`) {
			err = fmt.Errorf("the journal says %s", text)
		}
		return err
	})
	first.Kill()
	if text, err := os.ReadFile(filepath.Join(s.DataDir(), "backfill.json")); err != nil || strings.Contains(string(text), `"complete": true`) {
		t.Logf("backfill was killed when it was done: %v", err)
	}
	if out, err := s.Run(args...); err != nil {
		t.Fatalf("backfill, begun again: %v: %s", err, out)
	}
	s.Start()
	s.Ready(30 * time.Second)
	proc.Until(t, 30*time.Second, "the budget holds the past", func() error {
		var doc struct {
			Data struct {
				Budgets []struct {
					Windows []struct {
						Bad   float64 `json:"bad_events"`
						Total float64 `json:"total_events"`
					}
				}
			}
		}
		resp, err := http.Get("http://" + s.Addr + "/api/slo/v1/budgets")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
			return err
		}
		if len(doc.Data.Budgets) != 1 || len(doc.Data.Budgets[0].Windows) != 1 {
			return fmt.Errorf("no windows: %+v", doc)
		}
		if w := doc.Data.Budgets[0].Windows[0]; w.Bad != p.bad || w.Total != p.total {
			return fmt.Errorf("want %g bad of %g, have %g of %g", p.bad, p.total, w.Bad, w.Total)
		}
		return nil
	})
}

// withoutRead stands before a Prometheus and does not let remote read through.
func withoutRead(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	to := httputil.NewSingleHostReverseProxy(u)
	// Not the default: closing any test server closes that one's connections.
	to.Transport = &http.Transport{}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/read") {
			http.NotFound(w, r)
			return
		}
		to.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}
