package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb/state"
)

// pastAgain is how long after a failure the past is counted anew.
const pastAgain = time.Minute

// countPasts counts, beside the engine, the past of new objectives from the raw samples:
// by the replay and into the blocks of `slowburn backfill`. What a killed process left
// is taken away at the next start, and counted anew.
func (s *server) countPasts(ctx context.Context, c *core) error {
	log := s.log.With("component", "history")
	failures := s.metrics.GetOrCreateCounter("slowburn_history_failures_total")
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		wait := look.C
		if pasts := c.engine.Pasts(); len(pasts) > 0 {
			if err := s.countPast(ctx, c, pasts, log); err != nil && ctx.Err() == nil {
				failures.Inc()
				log.Error("the past of new objectives is not counted yet", "err", err, "again", pastAgain)
				wait = time.After(pastAgain)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wait:
		}
	}
}

func (s *server) countPast(ctx context.Context, c *core, pasts []rules.Past, log *slog.Logger) error {
	start := time.Now()
	j, opts, err := s.beginPast(c, pasts)
	if err != nil {
		return err
	}
	generation := rules.BackfilledGeneration(j.Number)
	log.Info("counting the past of new objectives", "objectives", len(pasts), "from", clock(j.Start), "to", clock(j.End))
	rows := &filledRows{journal: j, generation: generation, blocks: replay.NewBlocks(c.ledger.Dir(), blockWidth)}
	defer rows.blocks.Close()
	rows.blocks.Written = rows.written
	opts.Records = replayedRecords(opts.Objectives, generation, j.Start)
	opts.Rows = func(ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
		return rows.take(ctx, ref, lset, t, v)
	}
	c.engine.ShowPast(0)
	opts.Progress = c.engine.ShowPast
	var samples int64
	if opts.Start < opts.End {
		res, err := replay.Run(ctx, c.raw, opts)
		if err != nil {
			return err
		}
		samples = res.Samples
	}
	if err := rows.blocks.Flush(ctx); err != nil {
		return err
	}
	if err := c.ledger.TakeBlocks(ctx); err != nil {
		return err
	}
	if err := c.engine.TakePast(ctx, pasts, generation); err != nil {
		return err
	}
	j.Complete = true
	log.Info("the past of new objectives is counted", "objectives", len(pasts), "samples", samples, "took", time.Since(start).Round(time.Millisecond))
	return j.write()
}

// beginPast notes in the journal what is about to be written, under a generation that
// no block carries yet.
func (s *server) beginPast(c *core, pasts []rules.Past) (*backfillJournal, replay.Options, error) {
	var opts replay.Options
	j, err := readJournal(filepath.Join(s.f.StoragePath, journalName))
	if err != nil {
		return nil, opts, err
	}
	records, err := state.NewBucket[rules.Record](s.state, "rules").Load()
	if err != nil {
		return nil, opts, err
	}
	oldest, err := c.raw.Oldest()
	if err != nil {
		return nil, opts, err
	}
	cfg := s.config.get()
	slot := cfg.Slot
	if slot == 0 {
		slot = slo.DefaultSlot
	}
	j.renew(pastKey, records)
	j.End, j.Limits = math.MinInt64, map[string]int64{}
	for _, p := range pasts {
		opts.Objectives = append(opts.Objectives, p.Objective)
		j.Limits[p.Objective.ID()] = p.Until
		j.End = max(j.End, p.Until)
	}
	j.Start = min(slo.SlotEnd(oldest, slot)-slot.Milliseconds(), j.End)
	opts.Start, opts.End, opts.Slot = j.Start, j.End, slot
	opts.SourceLabels, opts.GroupLimit = cfg.Ingest.SourceLabels, s.f.MaxGroups
	return j, opts, j.write()
}

// dropUnfinishedPast takes away the blocks of a past that a killed process was counting,
// before the ledger is opened.
func (s *server) dropUnfinishedPast() error {
	file := filepath.Join(s.f.StoragePath, journalName)
	if _, err := os.Stat(file); err != nil {
		return nil // there was never any
	}
	j, err := readJournal(file)
	if err != nil || j.Key != pastKey || j.Complete {
		return err
	}
	records, err := state.NewBucket[rules.Record](s.state, "rules").Load()
	if err != nil {
		return fmt.Errorf("read which generations are in force: %w", err)
	}
	return j.complete(records, filepath.Join(s.f.StoragePath, "ledger"))
}
