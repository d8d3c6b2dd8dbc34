package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules/dated"
	"github.com/slowburn/slowburn/rules/governance"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb/state"
	"github.com/slowburn/slowburn/web"
	"github.com/slowburn/slowburn/web/steer"
)

// newGovernance opens the book of policies and releases on state.db.
func (s *server) newGovernance() error {
	var err error
	s.book, err = governance.New(governance.Options{
		Store:      state.NewBucket[governance.Record](s.state, "governance"),
		Objectives: s.config.objectives,
		Statuses: func() []slo.Status {
			if c := s.core.Load(); c != nil {
				return c.engine.Status()
			}
			return nil
		},
		Counts: func(ctx context.Context, o *slo.Objective, from, to int64) (slo.Counts, error) {
			c := s.core.Load()
			if c == nil {
				return slo.Counts{}, errStarting
			}
			return governance.CountsOf(c.view, s.config.get().Slot)(ctx, o, from, to)
		},
		Events: s.events, Raw: rawQueryable{s},
		Settings: func() governance.Settings { return s.config.get().Releases },
		Slot:     s.config.get().Slot, Retention: time.Duration(s.f.LedgerRetention),
		Now: s.now, Metrics: s.metrics, ExternalURL: s.url.String(),
	})
	if s.book == nil {
		return err
	}
	if err != nil {
		s.log.Error("some records of policies and releases are lost", "err", err)
	}
	s.dated = dated.New(s.book.Families(), s.config.get().Slot, s.now)
	return nil
}

// events counts an objective's events from raw samples of the series that narrow
// selects too, over (from, to].
func (s *server) events(ctx context.Context, o *slo.Objective, narrow []*labels.Matcher, from, to int64) (slo.Counts, error) {
	narrowed := o.Clone()
	narrowed.SLI = o.SLI.Narrow(narrow)
	cfg := s.config.get()
	c, err := replay.Count(ctx, rawQueryable{s}, narrowed, replay.Options{
		Start: from, End: to, Slot: cfg.Slot, SourceLabels: cfg.Ingest.SourceLabels,
	})
	if err != nil {
		return c, fmt.Errorf("count the events of %s: %w", o.ID(), err)
	}
	return c, nil
}

// observe moves policies and releases on, once a slot.
func (s *server) observe(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var seen int64
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		slot := s.now().UnixMilli() / s.config.get().Slot.Milliseconds()
		if slot == seen {
			continue
		}
		seen = slot
		if err := s.book.Observe(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("policies and releases stand still", "err", err)
		}
	}
}

// steering are the routes of policies, gate and releases.
func (s *server) steering() ([]web.Route, error) {
	b := s.book
	return steer.Routes(steer.Options{
		Policies: b.Policies, Gate: b.Gate, Canary: b.Canary,
		Mark: b.Mark, Releases: b.Releases, Forecasts: b.Forecasts,
		Override: b.Override, Revoke: b.Revoke, Overrides: b.Overrides, Audit: b.Audit,
	})
}

// keptBesides says whether a series no objective reads is kept: those that tell
// versions are.
func (s *server) keptBesides(lset labels.Labels) bool {
	for _, d := range s.config.get().Releases.Detectors {
		if matchesAll(d.Matchers, lset) {
			return true
		}
	}
	return false
}

func matchesAll(ms []*labels.Matcher, lset labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// rawQueryable reads raw samples alone, once the core is up.
type rawQueryable struct{ s *server }

func (q rawQueryable) Querier(mint, maxt int64) (storage.Querier, error) {
	c := q.s.core.Load()
	if c == nil {
		return nil, errStarting
	}
	return c.raw.Querier(mint, maxt)
}
