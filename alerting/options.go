package alerting

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
)

// Options are the parts and numbers of a Manager. The zero value delivers to
// nobody and remembers nothing, until ApplyConfig names an Alertmanager.
type Options struct {
	Config Config
	// Store keeps alerts and acknowledgements across restarts; nil keeps none.
	Store Store
	// Slot is how often alerts are evaluated; 0 is 15 s.
	Slot time.Duration
	// Resend is the pause between two sends of what a target has acknowledged;
	// 0 is 1 min, as in Prometheus.
	Resend time.Duration
	// Batch is how many alerts one request holds at most; 0 is 256.
	Batch int
	// ExternalURL is slowburn's own, for the second path; may be empty.
	ExternalURL string
	// Transport carries requests to Alertmanagers in place of the network: for an
	// Alertmanager inside this process. HTTP client settings do not apply to it.
	Transport http.RoundTripper
	Logger    *slog.Logger
	Metrics   *metrics.Set
}

// Config is what a reload may change. Alerting has the shape of Prometheus's
// block of that name.
type Config struct {
	ExternalLabels labels.Labels
	Alerting       config.AlertingConfig
	// Webhook is the second path; nil for none.
	Webhook *Webhook
}

const (
	// sendTimeout bounds one request, whatever `timeout` allows beyond it: with a
	// retry after at most 5 s, an Alertmanager that comes back is told within 15 s.
	sendTimeout = 5 * time.Second
	// stopTimeout is how long Run goes on after its context has ended, for the send
	// under way and a last one of pages.
	stopTimeout = 2 * time.Second
)

func (o *Options) validate() error {
	switch {
	case o.Slot < 0 || o.Resend < 0 || o.Batch < 0:
		return fmt.Errorf("alerting: slot %s, resend %s and batch %d must not be negative", o.Slot, o.Resend, o.Batch)
	case o.Resend != 0 && o.Resend < time.Second:
		return fmt.Errorf("alerting: resend %s is shorter than 1s", o.Resend)
	}
	if o.Slot == 0 {
		o.Slot = 15 * time.Second
	}
	if o.Resend == 0 {
		o.Resend = time.Minute
	}
	if o.Batch == 0 {
		o.Batch = 256
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return nil
}

// life is how far after a send endsAt lies: long enough that Alertmanager does not
// resolve an alert while three sends in a row are missed.
func (o *Options) life() time.Duration { return 4 * max(o.Resend, o.Slot) }

func (c *Config) validate() error {
	for _, am := range c.Alerting.AlertmanagerConfigs {
		if am == nil {
			return fmt.Errorf("alerting: empty entry under alertmanagers")
		}
		if am.SigV4Config != nil {
			return fmt.Errorf("alerting: sigv4 is not supported for Alertmanagers")
		}
	}
	if err := c.Alerting.Validate(model.UTF8Validation); err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	if c.Webhook != nil {
		if err := c.Webhook.validate(); err != nil {
			return fmt.Errorf("alerting: second path: %w", err)
		}
	}
	return nil
}
