package alerting_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/alerting/receiver"
	"github.com/slowburn/slowburn/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a network in memory: it works inside a synctest bubble.
type wire struct {
	mu    sync.Mutex
	hosts map[string]*host
}

// host is one Alertmanager on the wire, and what was posted to it.
type host struct {
	name string
	mu   sync.Mutex
	// answer replaces the Alertmanager; nil lets it answer.
	answer func(*http.Request, models.PostableAlerts) (*http.Response, error)
	am     *receiver.Receiver
	posts  []posting
	told   []receiver.Notification
}

type posting struct {
	at     time.Time
	alerts models.PostableAlerts
}

func newWire(names ...string) *wire {
	w := &wire{hosts: map[string]*host{}}
	for _, name := range names {
		h := &host{name: name}
		h.restart()
		w.hosts[name] = h
	}
	return w
}

// restart gives the host an Alertmanager with an empty memory.
func (h *host) restart() {
	am := receiver.New(func(n receiver.Notification) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.told = append(h.told, n)
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.am = am
}

func (h *host) set(answer func(*http.Request, models.PostableAlerts) (*http.Response, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

// The ways in which a host fails.
func refuseConn(*http.Request, models.PostableAlerts) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func noName(r *http.Request, _ models.PostableAlerts) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
}

func cutOff(*http.Request, models.PostableAlerts) (*http.Response, error) {
	return nil, &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
}

func oldCertificate(*http.Request, models.PostableAlerts) (*http.Response, error) {
	return nil, &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}
}

func hang(r *http.Request, _ models.PostableAlerts) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func status(code int) func(*http.Request, models.PostableAlerts) (*http.Response, error) {
	return func(*http.Request, models.PostableAlerts) (*http.Response, error) { return response(code, ""), nil }
}

func response(code int, body string) *http.Response {
	return &http.Response{
		StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)),
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	h, ok := w.hosts[r.URL.Host]
	w.mu.Unlock()
	if !ok {
		return refuseConn(r, nil)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	var alerts models.PostableAlerts
	if r.Method == http.MethodPost {
		if err := json.Unmarshal(body, &alerts); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	if r.Method == http.MethodPost {
		h.posts = append(h.posts, posting{time.Now(), alerts})
	}
	answer, am := h.answer, h.am
	h.mu.Unlock()
	if answer != nil {
		if resp, err := answer(r, alerts); resp != nil || err != nil {
			return resp, err
		}
	}
	rec := httptest.NewRecorder()
	in := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
	am.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// history is what was posted so far, notices what was told, alertmanager who holds it.
func (h *host) history() []posting {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts)
}

func (h *host) notices() []receiver.Notification {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

func (h *host) alertmanager() *receiver.Receiver {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.am
}

// sent are all alerts posted to the host so far, in order.
func (h *host) sent() []*models.PostableAlert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*models.PostableAlert
	for _, p := range h.posts {
		all = append(all, p.alerts...)
	}
	return all
}

func (h *host) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posts = nil
}

// story is what a webhook behind the host was told, as "firing a, resolved a".
func (h *host) story() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var s []string
	for _, n := range h.told {
		s = append(s, fmt.Sprintf("%s %s", n.Status, n.Alert.Labels["alertname"]))
	}
	return strings.Join(s, ", ")
}

// store is a Store in memory that keeps what a disk would: JSON.
type store struct {
	mu      sync.Mutex
	records map[string][]byte
	saves   int
	fail    error
	block   chan struct{}
}

func newStore() *store { return &store{records: map[string][]byte{}} }

func (s *store) Load() (map[string]alerting.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]alerting.Record{}
	for key, b := range s.records {
		var r alerting.Record
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, err
		}
		out[key] = r
	}
	return out, nil
}

func (s *store) Save(put map[string]alerting.Record, del []string) error {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		<-block
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.saves++
	for key, r := range put {
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		s.records[key] = b
	}
	for _, key := range del {
		delete(s.records, key)
	}
	return nil
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

// clone is what a process that is killed now leaves behind.
func (s *store) clone() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &store{records: maps.Clone(s.records)}
}

func (s *store) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

// to is a configuration that sends to the hosts.
func to(names ...string) alerting.Config {
	group := &targetgroup.Group{}
	for _, name := range names {
		group.Targets = append(group.Targets, model.LabelSet{model.AddressLabel: model.LabelValue(name)})
	}
	am := config.DefaultAlertmanagerConfig
	am.ServiceDiscoveryConfigs = discovery.Configs{discovery.StaticConfig{group}}
	return alerting.Config{Alerting: config.AlertingConfig{AlertmanagerConfigs: config.AlertmanagerConfigs{&am}}}
}

// running is a manager under test.
type running struct {
	*alerting.Manager
	set  *metrics.Set
	log  *lines
	stop func() // and wait
}

// start runs a manager until the test ends.
func start(t *testing.T, o alerting.Options) *running {
	t.Helper()
	r := launch(t, o)
	t.Cleanup(r.stop)
	return r
}

func launch(t testing.TB, o alerting.Options) *running {
	t.Helper()
	r := &running{set: metrics.NewSet(), log: &lines{}}
	o.Metrics = r.set
	o.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	m, err := alerting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	r.Manager = m
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return r
}

// metric reads one series.
func (r *running) metric(name string) float64 {
	var b bytes.Buffer
	r.set.WritePrometheus(&b)
	for line := range strings.Lines(b.String()) {
		if series, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && series+"}" == name {
			return number(value)
		}
		if series, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && series == name {
			return number(value)
		}
	}
	return -1
}

func number(s string) float64 {
	var f float64
	fmt.Sscan(s, &f)
	return f
}

func series(name, host string) string {
	return fmt.Sprintf(`slowburn_alerts_%s{alertmanager="http://%s/api/v2/alerts"}`, name, host)
}

func firing(name string, fired time.Time) slo.Alert {
	return slo.Alert{
		Labels:      labels.FromStrings("alertname", name, "severity", "page"),
		Annotations: labels.FromStrings("summary", name+" burns"),
		State:       slo.AlertFiring, ActiveAt: fired.UnixMilli(), FiredAt: fired.UnixMilli(),
		GeneratorURL: "http://slowburn.example/" + url.PathEscape(name),
	}
}

func resolved(a slo.Alert, at time.Time) slo.Alert {
	a.State, a.ResolvedAt = slo.AlertResolved, at.UnixMilli()
	return a
}

// after lets virtual time pass, then everything settle.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func equal[T comparable](t *testing.T, want, have T, what string) {
	t.Helper()
	if want != have {
		t.Errorf("%s: want %v, have %v", what, want, have)
	}
}
