package alerting

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// set is one entry of `alertmanagers`: Alertmanagers spoken to in one way.
type set struct {
	name    string
	cfg     *config.AlertmanagerConfig
	client  *http.Client
	timeout time.Duration
	id      identity
	// static targets are known without discovery, and so at once on start.
	static []*targetgroup.Group
	// dynamic are the mechanisms that have to look.
	dynamic discovery.Configs
	// found is what they found last.
	found []*targetgroup.Group
}

func newSets(c Config, transport http.RoundTripper) ([]*set, error) {
	sets := make([]*set, 0, len(c.Alerting.AlertmanagerConfigs))
	for i, cfg := range c.Alerting.AlertmanagerConfigs {
		s := &set{
			name: fmt.Sprintf("alertmanagers[%d]", i), cfg: cfg,
			id: newIdentity(c, cfg.AlertRelabelConfigs), timeout: sendTimeout,
		}
		if t := time.Duration(cfg.Timeout); t > 0 {
			s.timeout = min(t, sendTimeout)
		}
		var err error
		if s.client, err = newClient(cfg.HTTPClientConfig, transport); err != nil {
			return nil, fmt.Errorf("alerting: %s: %w", s.name, err)
		}
		for _, sd := range cfg.ServiceDiscoveryConfigs {
			if static, ok := sd.(discovery.StaticConfig); ok {
				s.static = append(s.static, static...)
			} else {
				s.dynamic = append(s.dynamic, sd)
			}
		}
		if _, _, err := s.resolve(s.static); err != nil {
			return nil, fmt.Errorf("alerting: %s: %w", s.name, err)
		}
		sets = append(sets, s)
	}
	return sets, nil
}

// newClient never follows a redirect: the credentials would follow it too.
func newClient(cfg config_util.HTTPClientConfig, transport http.RoundTripper) (*http.Client, error) {
	client := &http.Client{Transport: transport}
	if transport == nil {
		var err error
		client, err = config_util.NewClientFromConfig(cfg, "alertmanager")
		if err != nil {
			return nil, err
		}
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// pathLabel is the label by which relabel rules see the path, Prometheus's name.
const pathLabel = "__alerts_path__"

// resolve turns target groups into URLs to post to, relabeled; dropped are the
// addresses relabeling left out.
func (s *set) resolve(groups []*targetgroup.Group) (active, dropped []string, err error) {
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, group := range groups {
		for _, target := range group.Targets {
			b.Reset(labels.EmptyLabels())
			for name, value := range group.Labels {
				b.Set(string(name), string(value))
			}
			for name, value := range target {
				b.Set(string(name), string(value))
			}
			b.Set(model.SchemeLabel, scheme(s.cfg.Scheme))
			b.Set(pathLabel, path.Join("/", s.cfg.PathPrefix, "/api/v2/alerts"))
			before := endpoint(b)
			if !relabel.ProcessBuilder(b, s.cfg.RelabelConfigs...) {
				dropped = append(dropped, before)
				continue
			}
			if err := config.CheckTargetAddress(model.LabelValue(b.Get(model.AddressLabel))); err != nil {
				return nil, nil, err
			}
			active = append(active, endpoint(b))
		}
	}
	return active, dropped, nil
}

func endpoint(b *labels.Builder) string {
	u := url.URL{Scheme: b.Get(model.SchemeLabel), Host: b.Get(model.AddressLabel), Path: b.Get(pathLabel)}
	return u.String()
}

func scheme(s string) string {
	if s == "" {
		return "http"
	}
	return s
}
