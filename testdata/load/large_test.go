//go:build load

package load

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slowburn/slowburn/testdata/rig"
)

var (
	slos = flag.Int("slos", 100_000, "how many objectives TestLarge has, over ten series each")
	past = flag.Duration("past", 20*time.Minute, "how much of the past TestLarge sends first")
	live = flag.Duration("live", 3*time.Minute, "how long TestLarge measures live scrapes")
)

// TestLarge is one instance at the size of DESIGN.md §8: it prints what so many
// objectives over ten times as many series, scraped every 15 s, cost in cores and in
// memory, and how soon after a kill -9 the firing alerts are handed over and it is
// ready. One service of a thousand is failing.
func TestLarge(t *testing.T) {
	const interval = 15 * time.Second
	fleet := Fleet{Services: *slos, PerService: 10, Failing: 1000}
	took := newTaker(t)
	s := rig.NewSlowburn(t, rig.FeedConfig(took.addr), fleet.files())
	s.Start()
	fmt.Printf("%d objectives loaded, ready after %s\n", *slos, s.Ready(5*time.Minute).Round(10*time.Millisecond))
	r := &Receiver{Name: "slowburn", URL: "http://" + s.Addr + "/api/v1/write", pid: s.PID()}
	send := &Sender{URL: r.URL, V2: true}
	defer send.client.CloseIdleConnections()

	fleet.V2 = true
	n, ts := 0, time.Now().Add(-*past).Truncate(interval)
	scrape := func(pace int) {
		n++
		if err := send.Scrape(fleet.Scrape(n, ts), 2, pace); err != nil {
			t.Fatal(err)
		}
		ts = ts.Add(interval)
	}
	begin, cpu := time.Now(), r.CPU(t)
	for ts.Before(time.Now()) {
		scrape(0)
	}
	fmt.Printf("%d scrapes of the past: %s, %.0f samples/CPU-second\n", n, time.Since(begin).Round(time.Second),
		float64(n*fleet.Size())/(r.CPU(t)-cpu).Seconds())

	time.Sleep(time.Until(ts) + interval)
	send.P99()
	begin, cpu = time.Now(), r.CPU(t)
	for end := time.Now().Add(*live); ts.Add(interval).Before(end); {
		scrape(fleet.Size() / 14)
		time.Sleep(time.Until(ts))
	}
	fmt.Printf("live: %.3f cores, RSS %d MiB (peak %d), p99 of a request %s, %d alerts firing\n",
		(r.CPU(t)-cpu).Seconds()/time.Since(begin).Seconds(), r.memory(t, "VmRSS"), r.memory(t, "VmHWM"),
		send.P99().Round(10*time.Microsecond), took.firing())
	if took.firing() == 0 {
		t.Error("no alert fires: the restart shows nothing")
	}

	s.Kill()
	want := took.forget()
	begin = time.Now()
	s.Start()
	ready := make(chan time.Duration)
	go func() { ready <- s.Ready(10 * time.Minute) }()
	<-took.all(want)
	fmt.Printf("after kill -9: %d firing alerts handed over in %s, ", want, time.Since(begin).Round(10*time.Millisecond))
	fmt.Printf("ready in %s\n", (<-ready).Round(10*time.Millisecond))
}

// files are the fleet's SLOs, ten thousand a file.
func (f Fleet) files() map[string]string {
	lines := strings.SplitAfter(f.SLOs(), "\n")
	head, lines := strings.Join(lines[:3], ""), lines[3:]
	out := map[string]string{}
	for chunk := range slices.Chunk(lines, 10_000) {
		name := fmt.Sprintf("%d", len(out))
		out[name+".yml"] = strings.Replace(head, "service: fleet", "service: fleet"+name, 1) + strings.Join(chunk, "")
	}
	return out
}

// memory is a field of the process's status, MiB.
func (r *Receiver) memory(t testing.TB, field string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.pid))
	if err != nil {
		t.Fatal(err)
	}
	kb, err := strconv.Atoi(string(regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(b)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024
}

// taker is an Alertmanager's API that remembers which burn alerts fire.
type taker struct {
	addr string
	mu   sync.Mutex
	seen map[string]bool
	full chan struct{} // closed when want are seen
	want int
}

func newTaker(t testing.TB) *taker {
	k := &taker{seen: map[string]bool{}}
	s := httptest.NewServer(k)
	t.Cleanup(s.Close)
	k.addr = strings.TrimPrefix(s.URL, "http://")
	return k
}

func (k *taker) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var alerts []struct {
		Labels map[string]string
		EndsAt time.Time
	}
	if err := json.NewDecoder(req.Body).Decode(&alerts); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range alerts {
		if a.Labels["alertname"] == "SLOErrorBudgetBurn" && a.EndsAt.After(time.Now()) {
			k.seen[a.Labels["service"]+"/"+a.Labels["slo"]+"/"+a.Labels["severity"]] = true
		}
	}
	if k.full != nil && len(k.seen) >= k.want {
		close(k.full)
		k.full = nil
	}
}

func (k *taker) firing() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.seen)
}

// forget forgets what fires, and says how many did.
func (k *taker) forget() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.seen)
	k.seen = map[string]bool{}
	return n
}

// all is closed once so many alerts were sent.
func (k *taker) all(want int) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	full := make(chan struct{})
	if k.want = want; len(k.seen) >= want {
		close(full)
		return full
	}
	k.full = full
	return full
}
