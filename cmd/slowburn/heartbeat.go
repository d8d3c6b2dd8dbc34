package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// Heartbeat asks a URL outside at intervals, as long as all is well: what listens
// there pages when it stops. The URL is a secret, since such URLs are.
type Heartbeat struct {
	URL              config_util.Secret           `yaml:"url,omitempty"`
	Every            model.Duration               `yaml:"every,omitempty"` // 0 is 1 min
	HTTPClientConfig config_util.HTTPClientConfig `yaml:",inline"`
}

func (h *Heartbeat) validate() error {
	u, err := url.Parse(string(h.URL))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("heartbeat: url is not an http or https URL")
	}
	return h.HTTPClientConfig.Validate()
}

// freshData is how old the newest sample and the newest acknowledged send may be for
// the heart to beat.
const freshData = 2 * time.Minute

// runHeartbeat beats only after a successful evaluation on fresh data and a send that
// an Alertmanager acknowledged: anything less means that a page might be lost.
func (s *server) runHeartbeat(ctx context.Context) error {
	failed := s.metrics.NewCounter("slowburn_heartbeat_errors_total")
	sent := s.metrics.NewCounter("slowburn_heartbeat_sent_total")
	withheld := s.metrics.NewCounter("slowburn_heartbeat_withheld_total")
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		h := s.config.get().Heartbeat
		if h == nil {
			timer.Reset(time.Minute)
			continue
		}
		every := time.Duration(h.Every)
		if every <= 0 {
			every = time.Minute
		}
		timer.Reset(every)
		if why := s.unwell(time.Now()); why != "" {
			withheld.Inc()
			s.log.Debug("heartbeat withheld", "reason", why)
			continue
		}
		if err := h.beat(ctx); err != nil {
			failed.Inc()
			s.log.Warn("heartbeat", "err", err)
			continue
		}
		sent.Inc()
	}
}

// unwell says why the heart may not beat, empty if it may.
func (s *server) unwell(now time.Time) string {
	c := s.core.Load()
	if c == nil {
		return errStarting.Error()
	}
	newest := int64(0)
	for _, src := range c.engine.Sources() {
		newest = max(newest, src.Newest)
	}
	switch {
	case now.Sub(time.UnixMilli(newest)) > freshData:
		return "no fresh samples"
	case now.Sub(c.engine.LastTick()) > freshData:
		return "no evaluation"
	case now.Sub(s.alerting.LastAck()) > freshData:
		return "no Alertmanager has acknowledged a send"
	}
	return ""
}

func (h *Heartbeat) beat(ctx context.Context) error {
	client, err := config_util.NewClientFromConfig(h.HTTPClientConfig, "heartbeat")
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(h.URL), nil)
	if err != nil {
		return errors.New("the url cannot be asked")
	}
	resp, err := client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the rest of it names the URL, which is a secret
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}
