package alerting

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestResult is what one Alertmanager did with a test alert.
type TestResult struct {
	URL string
	Err error // nil: it took the alert
	// Latency is how long it took to say so.
	Latency time.Duration
	// State is active, suppressed or unprocessed; empty if the Alertmanager did not
	// tell. Receivers are whom it routes the alert to.
	State     string
	Receivers []string
	// SilencedBy and InhibitedBy say why it is suppressed.
	SilencedBy, InhibitedBy []string
}

// TestAlert is what SendTest sends unless it is told otherwise. It fires for 5
// minutes at most.
func TestAlert() slo.Alert {
	return slo.Alert{
		Labels: labels.FromStrings(labels.AlertName, "SLOTest", "severity", slo.SeverityNone, "slo", "test", "service", "slowburn"),
		Annotations: labels.FromStrings("summary", "A test alert from slowburn check --send-test",
			"description", "Nothing is wrong. It ends by itself after 5 minutes."),
	}
}

// SendTest posts a to every Alertmanager of the configuration, whether Run runs or
// not, and asks each what it did with it. The zero alert stands for TestAlert.
func (m *Manager) SendTest(ctx context.Context, a slo.Alert) ([]TestResult, error) {
	if a.Labels.IsEmpty() {
		a = TestAlert()
	}
	now := time.Now()
	a.State = slo.AlertFiring
	if a.FiredAt == 0 {
		a.FiredAt = now.UnixMilli()
	}
	m.mu.Lock()
	sets, running := m.sets, m.run != nil
	m.mu.Unlock()
	if !running {
		if err := m.findOnce(ctx, sets); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	m.table.mu.Lock()
	type to struct {
		url string
		set *set
	}
	var all []to
	for _, t := range m.targets {
		all = append(all, to{t.url, t.set})
	}
	m.table.mu.Unlock()
	m.mu.Unlock()
	if len(all) == 0 {
		return nil, errors.New("send test alert: no Alertmanager is configured or discovered")
	}
	slices.SortFunc(all, func(a, b to) int { return cmp.Compare(a.url, b.url) })
	results := make([]TestResult, 0, len(all))
	for _, t := range all {
		results = append(results, t.set.test(ctx, t.url, a, now))
	}
	return results, nil
}

// findOnce runs discovery until every set that needs it has something, for 5 s at
// most.
func (m *Manager) findOnce(ctx context.Context, sets []*set) error {
	configs := map[string]discovery.Configs{}
	for _, s := range sets {
		if len(s.dynamic) > 0 {
			configs[s.name] = s.dynamic
		}
	}
	if len(configs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	manager, err := newDiscovery(ctx, m)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = manager.Run() }()
	defer func() { cancel(); <-done }()
	if err := manager.ApplyConfig(configs); err != nil {
		return fmt.Errorf("send test alert: start discovery: %w", err)
	}
	for groups := range manager.SyncCh() {
		m.discovered(groups)
		missing := false
		for name := range configs {
			missing = missing || len(groups[name]) == 0
		}
		if !missing {
			break
		}
	}
	return nil
}

// test posts one alert and reads it back.
func (s *set) test(ctx context.Context, to string, a slo.Alert, now time.Time) TestResult {
	r := TestResult{URL: to}
	ls, keep := s.id.of(a.Labels)
	if !keep {
		r.Err = errors.New("alert_relabel_configs drop the test alert")
		return r
	}
	body, err := encode([]notice{compose(&a, ls, now, 5*time.Minute, 0)})
	if err != nil {
		r.Err = fmt.Errorf("encode test alert: %w", err)
		return r
	}
	begin := time.Now()
	_, r.Err = post(ctx, s.client, to, body, s.timeout)
	r.Latency = time.Since(begin)
	if r.Err == nil {
		s.readBack(ctx, to, ls, &r)
	}
	return r
}

// readBack asks the Alertmanager for the alert. One that does not say leaves the
// result as it is: that it took the alert is known.
func (s *set) readBack(ctx context.Context, from string, ls labels.Labels, r *TestResult) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	query := url.Values{}
	ls.Range(func(l labels.Label) { query.Add("filter", fmt.Sprintf("%s=%q", l.Name, l.Value)) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from+"?"+query.Encode(), nil)
	if err != nil {
		return
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := s.client.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	var got models.GettableAlerts
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(&got) != nil || len(got) == 0 {
		return
	}
	if st := got[0].Status; st != nil {
		if st.State != nil {
			r.State = *st.State
		}
		r.SilencedBy, r.InhibitedBy = st.SilencedBy, st.InhibitedBy
	}
	for _, receiver := range got[0].Receivers {
		if receiver != nil && receiver.Name != nil {
			r.Receivers = append(r.Receivers, *receiver.Name)
		}
	}
}

// String is one line for a terminal.
func (r TestResult) String() string {
	if r.Err != nil {
		return fmt.Sprintf("%s: %v", r.URL, r.Err)
	}
	s := fmt.Sprintf("%s: taken in %s", r.URL, r.Latency.Round(time.Millisecond))
	if r.State != "" {
		s += ", " + r.State
	}
	if len(r.Receivers) > 0 {
		s += ", goes to " + strings.Join(r.Receivers, ", ")
	}
	if n := len(r.SilencedBy); n > 0 {
		s += fmt.Sprintf(", silenced by %s", strings.Join(r.SilencedBy, ", "))
	}
	if n := len(r.InhibitedBy); n > 0 {
		s += fmt.Sprintf(", inhibited by %d alerts", n)
	}
	return s
}
