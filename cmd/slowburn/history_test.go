package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/testdata/proc"
	"github.com/slowburn/slowburn/testdata/scenarios"
)

const newcomerSLO = `version: slowburn/v1
service: shop
objectives:
  - name: newcomer
    target: 99
    sli:
      events:
        bad: http_requests_total{code="500"}
        total: http_requests_total
`

const days = 4 // of samples

// TestHistoryOfANewObjective: samples are kept that no objective reads. Days later one
// comes; the process is killed while it counts their past, and started; the budget holds
// every increment there ever was, and holds it after another kill.
func TestHistoryOfANewObjective(t *testing.T) {
	t.Parallel()
	const scrape = 30_000
	c := startClocked(t, metronomeSLO, scenarios.Start)
	t.Cleanup(func() {
		if text, err := os.ReadFile(filepath.Join(c.dir, "log")); t.Failed() && err == nil {
			t.Logf("its log:\n%s", text)
		}
	})
	c.kill()
	write(t, filepath.Join(c.dir, "slowburn.yml"), "slo_files: [slo.yml]\ningest: {keep: all}\n")
	c.start(scenarios.Start)

	k := &kept{c: c, now: scenarios.Start}
	k.send(days * 24 * 3_600_000 / scrape)
	write(t, filepath.Join(c.dir, "slo.yml"), newcomerSLO)
	c.must(c.cmd.Process.Signal(syscall.SIGHUP))
	proc.Until(t, time.Minute, "the new objective waits for its past", func() error {
		if why := c.shop(t).Reason; !strings.HasPrefix(why, "history: ") {
			return fmt.Errorf("its reason is %q", why)
		}
		return nil
	})
	// On to where the engine counts it itself.
	k.send(12)
	// Half-way some blocks are written, and not in force.
	killed := ""
	proc.Until(t, time.Minute, "its past is being counted", func() error {
		text, err := os.ReadFile(filepath.Join(c.dir, "data", journalName))
		if err == nil && strings.Contains(string(text), `"b1": [`) {
			killed = string(text)
			c.kill()
			return nil
		}
		return fmt.Errorf("no block yet: %v", err)
	})
	if strings.Contains(killed, `"complete": true`) {
		t.Log("it had been counted when it was killed")
	}
	c.start(k.now)
	k.check(t)
	c.kill()
	c.start(k.now)
	k.check(t)
	c.kill()
	c.start(k.now)
	k.check(t)
	if leftover, _ := filepath.Glob(filepath.Join(c.dir, "data", "ledger", "*.tmp*")); len(leftover) > 0 {
		t.Errorf("left behind: %v", leftover)
	}
}

// kept is what is sent of one service, and its sum.
type kept struct {
	c          *clocked
	now        int64
	n          int
	bad, total float64
	last       [2]float64
}

// send sends some scrapes. Each counter is reset now and then.
func (k *kept) send(scrapes int) {
	k.c.t.Helper()
	for scrapes > 0 {
		batch := min(scrapes, 2000)
		scrapes -= batch
		var series [2]prompb.TimeSeries
		for i, code := range []string{"200", "500"} {
			series[i].Labels = prompb.FromLabels(labels.FromStrings(labels.MetricName, "http_requests_total", "code", code, "instance", "i1", "job", "shop", "prometheus", "a"), nil)
		}
		for range batch {
			k.now += 30_000
			k.n++
			for i, more := range [2]float64{float64(k.n % 7), float64(k.n % 3)} {
				if k.n%(997+i) == 0 {
					k.last[i] = 0
				}
				k.last[i] += more
				if k.n > 1 {
					k.total += more
					k.bad += more * float64(i)
				}
				series[i].Samples = append(series[i].Samples, prompb.Sample{Timestamp: k.now, Value: k.last[i]})
			}
		}
		k.c.set(k.now)
		if status := k.c.write(series[:]...); status/100 != 2 {
			k.c.t.Fatalf("answered %d", status)
		}
	}
}

// check waits until the budget holds all, and says how far it is if it never does.
func (k *kept) check(t *testing.T) {
	t.Helper()
	k.send(3)
	k.c.set(k.now + 120_000) // silence closes every slot
	proc.Until(t, time.Minute, "the budget holds every increment", func() error {
		b := k.c.shop(t)
		if len(b.Windows) == 0 {
			return fmt.Errorf("no windows, reason %q", b.Reason)
		}
		w := b.Windows[0]
		if b.Reason != "" || float64(w.Total) != k.total || float64(w.Bad) != k.bad {
			return fmt.Errorf("want %g bad of %g, have %g of %g, reason %q", k.bad, k.total, w.Bad, w.Total, b.Reason)
		}
		if w.Coverage < 0.99*days/30 {
			return fmt.Errorf("want %d days of 30 covered, have %g", days, w.Coverage)
		}
		return nil
	})
}

// shopBudget is the newcomer's budget.
type shopBudget struct {
	Reason  string `json:"reason"`
	Windows []struct {
		Total    slo.Number `json:"total_events"`
		Bad      slo.Number `json:"bad_events"`
		Coverage slo.Number `json:"coverage_ratio"`
	} `json:"windows"`
}

func (c *clocked) shop(t *testing.T) shopBudget {
	t.Helper()
	body, err := c.ask("/api/slo/v1/budgets?service=shop")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Data struct{ Budgets []shopBudget }
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Data.Budgets) == 0 {
		return shopBudget{}
	}
	return doc.Data.Budgets[0]
}
