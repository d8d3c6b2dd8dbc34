package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/dated"
	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb/state"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/promapi"
)

// server is the parts of `slowburn serve` and what joins them.
type server struct {
	f        *serveFlags
	log      *slog.Logger
	url      *url.URL // slowburn's own
	metrics  *metrics.Set
	registry *prometheus.Registry
	state    *state.DB
	book     *governance.Book
	dated    *dated.View
	alerting *alerting.Manager
	web      *web.Handler
	config   configHolder
	// reloading lets one reload end before the next begins: a signal, a request and a
	// changed file may ask for one at once.
	reloading sync.Mutex
	memory    memoryWatch
	now       func() time.Time // the wall clock; the demo's may run fast
	starting  starting
	// core is set once databases and engine are recovered.
	core atomic.Pointer[core]
}

// errStarting answers requests until the core is recovered.
var errStarting = errors.New("starting: samples and budgets are being recovered")

// newServer reads configuration and state and makes the parts that can run before
// the databases are open. demo is nil unless this is one.
func newServer(f *serveFlags, addr net.Addr, log *slog.Logger, now func() time.Time, demo web.Demo) (*server, error) {
	s := &server{f: f, log: log, now: now, metrics: metrics.NewSet(), registry: newRegistry()}
	registerBuildInfo(s.metrics)
	var err error
	if s.url, err = externalURL(f.ExternalURL, addr); err != nil {
		return nil, err
	}
	if err := s.config.load(f.ConfigFile, log); err != nil {
		return nil, err
	}
	s.config.register(s.metrics)
	if err := os.MkdirAll(f.StoragePath, 0o777); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if s.state, err = s.openState(); err != nil {
		return nil, err
	}
	if err := s.newAlerting(); err != nil {
		s.state.Close()
		return nil, err
	}
	if err := s.newGovernance(); err != nil {
		s.state.Close()
		return nil, err
	}
	if err := s.newWeb(demo); err != nil {
		s.state.Close()
		return nil, err
	}
	log.Info("listening", "address", addr.String(), "url", s.url.String())
	return s, nil
}

func (s *server) openState() (*state.DB, error) {
	db, err := state.Open(filepath.Join(s.f.StoragePath, "state.db"), state.Options{})
	if err != nil {
		return nil, err
	}
	if aside := db.Damaged(); aside != "" {
		s.log.Error("state.db was damaged and is set aside: budgets go on from the ledger, alerts that hold fire again; what it held of releases and policies is lost", "aside", aside)
	}
	return db, nil
}

func (s *server) newAlerting() (err error) {
	cfg := s.config.get()
	s.alerting, err = alerting.New(alerting.Options{
		Config:      cfg.alerting(),
		Store:       state.NewBucket[alerting.Record](s.state, "alerting"),
		Slot:        cfg.Slot,
		ExternalURL: s.url.String(),
		Logger:      s.log.With("component", "alerting"),
		Metrics:     s.metrics,
	})
	return err
}

func (c *Config) alerting() alerting.Config {
	return alerting.Config{ExternalLabels: c.ExternalLabels, Alerting: c.Alerting, Webhook: c.Webhook}
}

func (s *server) newWeb(demo web.Demo) error {
	f := s.f
	tokens, err := parseTokens(f.Tokens)
	if err != nil {
		return err
	}
	steering, err := s.steering()
	if err != nil {
		return err
	}
	s.web, err = web.New(web.Options{
		Routes: steering, Policy: s.book.State,
		Queryable: coreQueryable{s}, Exemplars: coreQueryable{s}, AtSteps: derive.AtSteps, Write: coreWrite{s},
		Budgets: func() []slo.Status {
			if c := s.core.Load(); c != nil {
				return c.engine.Status()
			}
			return nil
		},
		Alerts: func() []slo.Alert {
			if c := s.core.Load(); c != nil {
				return c.level(s, c.engine.Alerts())
			}
			return nil
		},
		Deliveries: func() ([]slo.AlertDelivery, slo.Alertmanagers) {
			return s.alerting.Status(), s.alerting.Alertmanagers()
		},
		Objectives: s.config.objectives, Errors: s.config.errors,
		Sources: s.sources, Demo: demo,
		Ready: func() error {
			if s.core.Load() == nil {
				return &s.starting
			}
			return nil
		},
		Reload: s.reload, LastReload: s.config.lastReload,
		Alertmanagers: func() (active, dropped []*url.URL) {
			ams := s.alerting.Alertmanagers()
			for _, raw := range ams.Dropped {
				if u, err := url.Parse(raw); err == nil {
					dropped = append(dropped, u)
				}
			}
			for _, a := range ams.Active {
				if u, err := url.Parse(a.URL); err == nil {
					active = append(active, u)
				}
			}
			return active, dropped
		},
		ExternalLabels: func() labels.Labels { return s.config.get().ExternalLabels },
		ConfigYAML:     func() string { return s.config.get().Redacted() },
		Flags:          f.All(),
		TSDB:           coreQueryable{s}, StorageRetention: f.RawRetention.String(),
		HeadChunks: func() int64 { return 0 },
		Build:      promapi.Build{Version: buildVersion(), Revision: buildRevision()},
		Sets:       []*metrics.Set{s.metrics}, Gatherer: s.registry,
		Metrics: s.metrics, Registerer: s.registry,
		ExternalURL: s.url, RoutePrefix: f.RoutePrefix, EnableLifecycle: f.EnableLifecycle,
		WebConfigFile: *f.Web.WebConfigFile, Tokens: tokens,
		Shed: func() bool { return s.memory.over(shedQueries) },
		Limits: web.Limits{
			Concurrency: f.QueryMaxConcurrency,
			Limits:      promapi.Limits{Timeout: time.Duration(f.QueryTimeout), MaxSamples: f.QueryMaxSamples},
		},
		Slot:   s.config.get().Slot,
		Logger: s.log.With("component", "web"), Now: s.now,
	})
	return err
}

// reload reads configuration and SLO files again and puts in force what is good. A
// broken configuration changes nothing; a broken SLO file changes nothing of its own.
// The error says what is broken, even if the rest came into force.
func (s *server) reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	before := s.config.get()
	broken := s.config.reload(s.f.ConfigFile, s.log)
	cfg := s.config.get()
	if cfg == before {
		return broken
	}
	if err := s.alerting.ApplyConfig(cfg.alerting()); err != nil {
		return fmt.Errorf("apply alerting configuration: %w", err)
	}
	if c := s.core.Load(); c != nil {
		if err := c.engine.Apply(ctx, s.config.objectives()); err != nil {
			return fmt.Errorf("apply objectives: %w", err)
		}
		c.receiver.Rebind(cfg.Ingest.keep())
	}
	s.log.Info("configuration reloaded", "objectives", len(s.config.objectives()))
	return broken
}

func (s *server) close() {
	if c := s.core.Load(); c != nil {
		c.close(s.log)
	}
	if err := s.state.Close(); err != nil {
		s.log.Error("close state.db", "err", err)
	}
}

// externalURL is where users reach this slowburn.
func externalURL(given string, addr net.Addr) (*url.URL, error) {
	if given == "" {
		given = "http://" + addr.String() + "/"
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("web.external-url %q: want a URL such as https://slowburn.example.org/", given)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

var _ rules.Store = (*state.Bucket[rules.Record])(nil)
