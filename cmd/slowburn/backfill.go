package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/tsdb/state"
	"github.com/slowburn/slowburn/tsdb/wal"
)

// backfillCommand is `slowburn backfill`.
func backfillCommand(app *kingpin.Application) command {
	c := app.Command("backfill", "Fill budgets with the time before slowburn counted them, from a Prometheus or from raw samples, while slowburn is stopped. It may be stopped, resumed and repeated.")
	b := &backfill{}
	c.Arg("file", "SLO files, or patterns of such; by default those of the configuration.").StringsVar(&b.files)
	c.Flag("config.file", "Configuration that slowburn serves.").Default("slowburn.yml").StringVar(&b.configFile)
	b.past.register(c, "92d")
	c.Flag("slo.max-groups", "Live groups of one objective; more share the group __overflow__.").Default("500").IntVar(&b.maxGroups)
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if err := b.past.validate(); err != nil {
			return usage(s, err)
		}
		return b.run(ctx, s)
	}}
}

// blockWidth is how much of the ledger one block holds: one of the widths that the
// TSDB itself makes, so that it goes on merging them.
const blockWidth = 18 * time.Hour

// rewarm is how far before the point it stopped at a resumed backfill reads again:
// enough for cadences and births.
const rewarm = 10 * time.Minute

// backfill is one run of the command.
type backfill struct {
	files      []string
	configFile string
	past       pastFlags
	maxGroups  int

	variant
	journal *backfillJournal
	records map[string]rules.Record
}

func (b *backfill) run(ctx context.Context, s streams) (err error) {
	if b.variant, err = loadVariant("backfill", b.configFile, b.files); err != nil {
		return err
	}
	db, err := state.Open(filepath.Join(b.past.storage, "state.db"), state.Options{})
	if err != nil {
		return fmt.Errorf("%w: is slowburn running? Stop it while its budgets are filled", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	bucket := state.NewBucket[rules.Record](db, "rules")
	if b.records, err = bucket.Load(); err != nil {
		return err
	}
	past, err := b.past.open(ctx, b.objectives)
	if err != nil {
		return err
	}
	defer past.Close()
	known, err := survey(ctx, b.ledgerDir(), b.records)
	if err != nil {
		return err
	}
	if err := b.begin(past, known); err != nil {
		return err
	}
	samples, err := b.fill(ctx, s, past, known)
	if err != nil {
		return fmt.Errorf("%w\nwhat was filled so far is kept: run it again to go on", err)
	}
	if err := b.finish(bucket); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s filled from %s to %s out of %s\n", plural(len(b.objectives), "objective"),
		clock(b.journal.Start), clock(b.journal.End), plural(int(samples), "sample"))
	return err
}

func (b *backfill) ledgerDir() string   { return filepath.Join(b.past.storage, "ledger") }
func (b *backfill) journalFile() string { return filepath.Join(b.past.storage, journalName) }

// begin resumes the backfill that the journal tells of, or begins a new one.
func (b *backfill) begin(p *past, known *surveyed) error {
	var err error
	if b.journal, err = readJournal(b.journalFile()); err != nil {
		return err
	}
	j := b.journal
	key := b.fingerprint()
	if j.Key == key && !j.Complete {
		return nil
	}
	j.renew(key, b.records)
	j.Start, j.End, j.Limits = p.start, 0, map[string]int64{}
	for _, o := range b.objectives {
		j.Limits[o.ID()] = known.limit(o.ID(), p.end, b.config.Slot)
		j.End = max(j.End, j.Limits[o.ID()])
	}
	if j.End <= j.Start {
		return fmt.Errorf("nothing to fill: slowburn itself has counted since %s, and the past begins at %s", clock(j.End), clock(j.Start))
	}
	if err := os.MkdirAll(b.ledgerDir(), 0o777); err != nil {
		return fmt.Errorf("make the ledger's folder: %w", err)
	}
	return j.write()
}

// fill runs the engine over the past and writes its rows as blocks.
func (b *backfill) fill(ctx context.Context, s streams, p *past, known *surveyed) (int64, error) {
	j := b.journal
	rows := &filledRows{journal: j, generation: rules.BackfilledGeneration(j.Number), blocks: replay.NewBlocks(b.ledgerDir(), blockWidth)}
	defer rows.blocks.Close()
	rows.blocks.Written = rows.written
	opts := p.options(b.config)
	opts.Objectives, opts.GroupLimit, opts.Start, opts.End = b.objectives, b.maxGroups, j.Start, j.End
	if j.Done > j.Start {
		var err error
		if rows.base, err = countersBefore(ctx, b.ledgerDir(), rows.generation, j.Done); err != nil {
			return 0, err
		}
		opts.Start = j.Done - rewarm.Milliseconds()
	}
	opts.Records = replayedRecords(b.objectives, rows.generation, j.Start)
	opts.Rows = func(ref storage.SeriesRef, lset labels.Labels, t int64, v float64) error {
		return rows.take(ctx, ref, lset, t, v)
	}
	show := watched(s, "backfill", j.End-j.Start)
	opts.Progress = func(done float64) {
		at := float64(opts.Start-j.Start) + done*float64(opts.End-opts.Start)
		show.part(at / float64(j.End-j.Start))
	}
	var samples int64
	if opts.Start < opts.End {
		res, err := replay.Run(ctx, p, opts)
		show.end()
		if err != nil {
			return 0, err
		}
		samples = res.Samples
	}
	if err := rows.position(ctx, known, wal.PositionAt(filepath.Join(b.past.storage, "raw"))); err != nil {
		return 0, err
	}
	return samples, rows.blocks.Flush(ctx)
}

// replayedRecords are the records of an engine that runs over the past from start on:
// its rows carry the generation's name.
func replayedRecords(objectives []*slo.Objective, generation string, start int64) map[string]rules.Record {
	out := map[string]rules.Record{}
	for _, o := range objectives {
		out["objective/"+o.ID()] = rules.Record{Objective: &rules.ObjectiveRecord{
			Meaning: o.Meaning(), Since: start,
			Generations: []slo.Generation{{ID: generation, From: ever, To: forever}},
		}}
	}
	return out
}

// finish puts the filled generation in force, in one transaction, and takes away what
// it replaces.
func (b *backfill) finish(bucket *state.Bucket[rules.Record]) error {
	j := b.journal
	put := map[string]rules.Record{}
	for _, o := range b.objectives {
		key := "objective/" + o.ID()
		limit := j.Limits[o.ID()]
		if limit <= j.Start {
			continue
		}
		r := rules.Record{Objective: b.records[key].Objective.Backfilled(o, rules.BackfilledGeneration(j.Number), j.Start, limit)}
		put[key], b.records[key] = r, r
	}
	// A checkpoint would have the engine start without the past.
	if err := os.Remove(filepath.Join(b.past.storage, "checkpoint")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the checkpoint: %w", err)
	}
	if err := bucket.Save(put, nil); err != nil {
		return err
	}
	return j.complete(b.records, b.ledgerDir())
}
