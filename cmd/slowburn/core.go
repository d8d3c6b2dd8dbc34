package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"golang.org/x/sync/errgroup"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/derive"
	"github.com/slowburn/slowburn/rules/trace"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb"
	"github.com/slowburn/slowburn/tsdb/state"
)

// core is what needs the databases: it comes up after alerting and web, since
// recovering it takes time.
type core struct {
	raw, ledger *tsdb.DB
	receiver    *tsdb.Receiver
	engine      *rules.Engine
	view        *derive.View
	host        *hostAlerts
}

// runEngine brings the core up, keeps it running until ctx ends, and leaves the
// databases open: closing them is the last thing, when nobody reads any more.
func (s *server) runEngine(ctx context.Context) error {
	start := time.Now()
	c, err := s.openCore()
	if err != nil {
		return err
	}
	s.starting.at("alert states are read", -1)
	if err := c.engine.LoadRecords(); err != nil {
		s.log.Error("alert states are rebuilt from the ledger", "err", err)
	}
	if err := c.engine.Apply(ctx, s.config.objectives()); err != nil {
		return fmt.Errorf("apply objectives: %w", err)
	}
	if err := c.engine.Restore(ctx); err != nil {
		c.close(s.log)
		return fmt.Errorf("recover budgets: %w", err)
	}
	s.core.Store(c)
	s.log.Info("ready", "objectives", len(s.config.objectives()), "took", time.Since(start).Round(time.Millisecond))

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.engine.Run(ctx) })
	g.Go(func() error { return s.observe(ctx) })
	g.Go(func() error { return s.countPasts(ctx, c) })
	g.Go(func() error { return c.raw.Run(ctx) })
	g.Go(func() error { return c.ledger.Run(ctx) })
	return g.Wait()
}

func (s *server) openCore() (*core, error) {
	cfg, f := s.config.get(), s.f
	c := &core{}
	var err error
	c.raw, err = tsdb.OpenRaw(filepath.Join(f.StoragePath, "raw"), tsdb.Options{
		Retention: time.Duration(f.RawRetention), OutOfOrder: cfg.Ingest.OutOfOrder,
		MaxSeries: int64(cfg.Ingest.Limits.Series), MinFree: int64(f.StorageMinFree), WALFsync: time.Duration(f.WALFsync),
		Registerer: s.registry, Metrics: s.metrics, Logger: s.log.With("component", "raw"),
		Stats: s.starting.opens("raw samples are read"),
	})
	if err != nil {
		return nil, fmt.Errorf("open raw samples: %w", err)
	}
	if err := s.dropUnfinishedPast(); err != nil {
		s.log.Error("what is left of a past that was being counted stays, unread", "err", err)
	}
	c.ledger, err = tsdb.OpenLedger(filepath.Join(f.StoragePath, "ledger"), tsdb.Options{
		Retention: time.Duration(f.LedgerRetention), MinFree: int64(f.StorageMinFree), WALFsync: time.Duration(f.WALFsync),
		Registerer: s.registry, Metrics: s.metrics, Logger: s.log.With("component", "ledger"),
		Stats: s.starting.opens("the ledger is read"),
	})
	if err != nil {
		c.close(s.log)
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	c.engine, err = rules.New(rules.Options{
		Slot: cfg.Slot, SourceLabels: cfg.Ingest.SourceLabels, GroupLimit: f.MaxGroups,
		Raw: c.raw, Damaged: len(c.raw.Damage()) > 0, QueryRound: 45 * time.Second, Ledger: c.ledger, Position: c.raw.Position, Since: c.raw.Since,
		Checkpoint: filepath.Join(f.StoragePath, "checkpoint"),
		Store:      state.NewBucket[rules.Record](s.state, "rules"), Notify: c.notify(s), Acknowledged: s.alerting.Heard,
		Restoring: s.starting.at, Decision: s.book.Decision, CountPast: true, Names: c.metricNames,
		Traces:         trace.New(c.raw, func() slo.TraceURL { return s.config.get().TraceURL }),
		ExternalLabels: func() labels.Labels { return s.config.get().ExternalLabels },
		TemplateFailed: func(alert labels.Labels, annotation string, err error) {
			s.log.Warn("annotation cannot be expanded: the alert is sent and says so in its place", "alert", alert.String(), "annotation", annotation, "err", err)
		},
		Now: s.now, ExternalURL: s.url.String(), Instance: s.url.Host, Metrics: s.metrics,
	})
	if err != nil {
		c.close(s.log)
		return nil, err
	}
	c.view, err = derive.New(c.ledger, derive.Options{
		Catalogue: c.engine.Catalogue, Slot: cfg.Slot, Retention: time.Duration(f.LedgerRetention), Metrics: s.metrics,
		Now: func() int64 { return s.now().UnixMilli() },
	})
	if err == nil {
		c.receiver, err = newReceiver(c, cfg, s)
		c.host = newHostAlerts(s.url, storageChecks(c), clockChecks(c.receiver, s.alerting), deliveryChecks(s.alerting))
		c.host.resume(s.alerting.Status(), s.now())
	}
	if err != nil {
		c.close(s.log)
		return nil, err
	}
	return c, nil
}

// notify hands the level of alerts on, each time the engine has evaluated.
func (c *core) notify(s *server) func([]slo.Alert) {
	return func(engine []slo.Alert) { s.alerting.Set(c.level(s, engine)) }
}

// level is the engine's alerts, and those it cannot know of: where slowburn runs, and
// where the budget policies stand.
func (c *core) level(s *server, engine []slo.Alert) []slo.Alert {
	return slices.Concat(engine, c.host.level(s.now()), s.book.Alerts())
}

// metricNames are the metrics that senders told of by metadata.
func (c *core) metricNames() []string { return slices.Collect(maps.Keys(c.receiver.Metadata())) }

func (c *core) close(log *slog.Logger) {
	for _, db := range []*tsdb.DB{c.raw, c.ledger} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil {
			log.Error("close database", "dir", db.Dir(), "err", err)
		}
	}
}

// coreQueryable reads raw samples, ledgers and derived series as one storage, once
// the core is up.
type coreQueryable struct{ s *server }

func (q coreQueryable) Querier(mint, maxt int64) (storage.Querier, error) {
	c := q.s.core.Load()
	if c == nil {
		return nil, errStarting
	}
	raw, err := c.raw.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	view, err := c.view.Querier(mint, maxt)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	facts, err := q.s.dated.Querier(mint, maxt)
	if err != nil {
		return nil, errors.Join(err, raw.Close(), view.Close())
	}
	return storage.NewMergeQuerier([]storage.Querier{raw, view, facts}, nil, storage.ChainedSeriesMerge), nil
}

func (q coreQueryable) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	c := q.s.core.Load()
	if c == nil {
		return nil, errStarting
	}
	raw, err := c.raw.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, err
	}
	view, err := c.view.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	facts, err := q.s.dated.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, errors.Join(err, raw.Close(), view.Close())
	}
	merge := storage.NewCompactingChunkSeriesMerger(storage.ChainedSeriesMerge)
	return storage.NewMergeChunkQuerier([]storage.ChunkQuerier{raw, view, facts}, nil, merge), nil
}

func (q coreQueryable) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	c := q.s.core.Load()
	if c == nil {
		return nil, errStarting
	}
	return c.raw.ExemplarQuerier(ctx)
}

// Stats are those of the raw TSDB.
func (q coreQueryable) Stats(label string, limit int) (*promtsdb.Stats, error) {
	c := q.s.core.Load()
	if c == nil {
		return nil, errStarting
	}
	return c.raw.Stats(label, limit)
}

// coreWrite receives remote write once the core is up; until then senders are asked
// to come again.
type coreWrite struct{ s *server }

func (h coreWrite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := h.s.core.Load()
	if c == nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, errStarting.Error(), http.StatusServiceUnavailable)
		return
	}
	if h.s.memory.over(shedIngest) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "memory is short: samples wait", http.StatusServiceUnavailable)
		return
	}
	c.receiver.ServeHTTP(w, r)
}
