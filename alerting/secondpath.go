package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
)

// SecondPath is the name under which acknowledgements of the webhook are kept.
const SecondPath = "webhook"

// Webhook is the second path: where pages go while no Alertmanager acknowledges
// them. It is posted what an Alertmanager would post to a webhook receiver.
type Webhook struct {
	// URL or URLFile; a secret, since such URLs often hold a token.
	URL     config_util.Secret `yaml:"url,omitempty"`
	URLFile string             `yaml:"url_file,omitempty"`
	// After is how long a page may go unacknowledged by every Alertmanager; 0 is 1 min.
	After            model.Duration               `yaml:"after,omitempty"`
	HTTPClientConfig config_util.HTTPClientConfig `yaml:",inline"`
}

// SetDirectory joins relative file names with dir.
func (w *Webhook) SetDirectory(dir string) {
	w.HTTPClientConfig.SetDirectory(dir)
	w.URLFile = config_util.JoinDir(dir, w.URLFile)
}

func (w *Webhook) validate() error {
	switch {
	case w.URL == "" && w.URLFile == "":
		return errors.New("needs url or url_file")
	case w.URL != "" && w.URLFile != "":
		return errors.New("takes one of url and url_file")
	case w.URL != "":
		if u, err := url.Parse(string(w.URL)); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("url is not an http or https URL")
		}
	}
	return w.HTTPClientConfig.Validate()
}

// secondPath posts pages to a webhook.
type secondPath struct {
	cfg    Webhook
	client *http.Client
	after  time.Duration
	id     identity
	self   string // slowburn's URL
}

func newSecondPath(c Config, o *Options) (*secondPath, error) {
	if c.Webhook == nil {
		return nil, nil
	}
	client, err := newClient(c.Webhook.HTTPClientConfig, o.Transport)
	if err != nil {
		return nil, fmt.Errorf("alerting: second path: %w", err)
	}
	s := &secondPath{
		cfg: *c.Webhook, client: client, after: time.Duration(c.Webhook.After),
		id: newIdentity(c, nil), self: o.ExternalURL,
	}
	if s.after == 0 {
		s.after = time.Minute
	}
	return s, nil
}

// runSecondPath looks once a second for pages that nobody acknowledges.
func (m *Manager) runSecondPath(r *run) {
	var wait backoff
	for r.ctx.Err() == nil {
		pause(r.ctx, time.Second)
		if err := m.trySecondPath(r.sending); err != nil {
			m.met.errors(SecondPath).Inc()
			m.met.log.Warn("second path does not take pages", "err", err)
			pause(r.ctx, wait.next())
			continue
		}
		wait.reset()
	}
}

// trySecondPath posts what is due on the second path.
func (m *Manager) trySecondPath(ctx context.Context) error {
	m.table.mu.Lock()
	s := m.second
	var batch []notice
	if s != nil {
		batch = m.unheard(s, time.Now())
	}
	m.table.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	to, err := s.url()
	if err != nil {
		return err
	}
	// Firing and resolved go apart: a message has one status.
	for _, resolved := range []bool{false, true} {
		var part []notice
		for _, n := range batch {
			if n.resolved == resolved {
				part = append(part, n)
			}
		}
		if len(part) == 0 {
			continue
		}
		body, err := json.Marshal(s.message(part, resolved))
		if err != nil {
			return fmt.Errorf("encode %d pages: %w", len(part), err)
		}
		if _, err := post(ctx, s.client, to, body, sendTimeout); err != nil {
			return err
		}
		m.heard(part, time.Now())
	}
	return nil
}

// unheard are pages that fire and that no target has acknowledged for a while, and
// resolutions of those posted before. Called with the table locked.
func (m *Manager) unheard(s *secondPath, now time.Time) []notice {
	var batch []notice
	for _, it := range m.table.items {
		if !it.page() || len(batch) == m.opts.Batch {
			continue
		}
		d := it.delivery(SecondPath)
		same := d.Episode == it.alert.FiredAt
		if it.alert.State == slo.AlertFiring {
			if same && d.Firing != 0 || now.Sub(it.stated) < s.after || it.acknowledged() {
				continue
			}
		} else if !same || d.Firing == 0 || d.Resolved != 0 {
			continue
		}
		ls, keep := s.id.of(it.alert.Labels)
		if !keep {
			continue
		}
		n := compose(&it.alert, ls, now, m.opts.life(), 0)
		n.it, n.d = it, d
		batch = append(batch, n)
	}
	return batch
}

// acknowledged says whether any target knows that this episode began.
func (it *item) acknowledged() bool {
	for _, d := range it.deliveries {
		if d.Episode == it.alert.FiredAt && d.Firing != 0 {
			return true
		}
	}
	return false
}

func (m *Manager) heard(part []notice, now time.Time) {
	m.met.sent(SecondPath).Add(len(part))
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	for i := range part {
		n := &part[i]
		n.d.accept(n, now)
		n.it.dirty = true
	}
}

func (s *secondPath) url() (string, error) {
	if s.cfg.URLFile == "" {
		return string(s.cfg.URL), nil
	}
	b, err := os.ReadFile(s.cfg.URLFile)
	if err != nil {
		return "", fmt.Errorf("read url_file: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// message is what Alertmanager posts to a webhook, version 4.
type message struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []messageAlert    `json:"alerts"`
}

type messageAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

func (s *secondPath) message(part []notice, resolved bool) message {
	status := "firing"
	if resolved {
		status = "resolved"
	}
	msg := message{
		Version: "4", GroupKey: "slowburn/second-path", Status: status, Receiver: "slowburn",
		GroupLabels: map[string]string{}, ExternalURL: s.self,
	}
	for i := range part {
		n := &part[i]
		a := messageAlert{
			Status: status, Labels: n.labels.Map(), Annotations: n.annotations.Map(),
			StartsAt: n.startsAt.UTC(), GeneratorURL: n.generatorURL,
		}
		if resolved {
			a.EndsAt = n.endsAt.UTC()
		}
		set := make(model.LabelSet, len(a.Labels))
		for name, value := range a.Labels {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		a.Fingerprint = set.Fingerprint().String()
		msg.Alerts = append(msg.Alerts, a)
		msg.CommonLabels = common(msg.CommonLabels, a.Labels)
		msg.CommonAnnotations = common(msg.CommonAnnotations, a.Annotations)
	}
	return msg
}

// common is what so far and with agree on; nil so far is everything.
func common(sofar, with map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range with {
		if v, ok := sofar[name]; sofar == nil || ok && v == value {
			out[name] = value
		}
	}
	return out
}
