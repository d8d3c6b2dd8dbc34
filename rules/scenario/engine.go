package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"

	"github.com/slowburn/slowburn/rules"
	"github.com/slowburn/slowburn/slo"
)

// engine is the engine over databases of its own, with a clock that is moved.
type engine struct {
	*rules.Engine
	raw, ledger *promtsdb.DB
	now         int64 // ms
}

func (s *Story) open(ctx context.Context, dir string) (*engine, error) {
	e := &engine{now: s.Start}
	var err error
	if e.raw, err = openDB(filepath.Join(dir, "raw")); err != nil {
		return nil, err
	}
	if e.ledger, err = openDB(filepath.Join(dir, "ledger")); err != nil {
		return nil, errors.Join(err, e.raw.Close())
	}
	e.Engine, err = rules.New(rules.Options{
		Raw: e.raw, Ledger: e.ledger, Store: forgetful{}, Metrics: metrics.NewSet(),
		SourceLabels: []string{"cluster", "prometheus"},
		Now:          func() time.Time { return time.UnixMilli(e.now) },
		Acknowledged: func(labels.Labels) bool { return true },
		Notify:       func([]slo.Alert) {},
	})
	if err == nil {
		err = e.LoadRecords()
	}
	if err == nil {
		err = e.Apply(ctx, s.Objectives)
	}
	if err == nil {
		err = e.Restore(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the engine: %w", err), e.close())
	}
	return e, nil
}

func openDB(dir string) (*promtsdb.DB, error) {
	opts := promtsdb.DefaultOptions()
	opts.OutOfOrderTimeWindow = (40 * 24 * time.Hour).Milliseconds()
	opts.RetentionDuration = 0
	db, err := promtsdb.Open(dir, nil, nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("open a database for the test: %w", err)
	}
	db.DisableCompactions()
	return db, nil
}

func (e *engine) close() error { return errors.Join(e.raw.Close(), e.ledger.Close()) }

// send stores samples and hands them to the engine as one request of remote write.
func (e *engine) send(ctx context.Context, samples []Sample) error {
	if len(samples) == 0 {
		return nil
	}
	raw := e.raw.AppenderV2(ctx)
	for _, x := range samples {
		if _, err := raw.Append(0, x.Labels, 0, x.T, x.V, nil, x.H, storage.AppendV2Options{}); err != nil {
			return errors.Join(fmt.Errorf("store sample of %s: %w", x.Labels, err), raw.Rollback())
		}
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("store samples: %w", err)
	}
	sink := e.AppenderV2(ctx)
	for _, x := range samples {
		ref := e.Bind(x.Labels, true)
		if ref == 0 {
			continue
		}
		if _, err := sink.Append(ref, labels.EmptyLabels(), 0, x.T, x.V, nil, x.H, storage.AppendV2Options{}); err != nil {
			return errors.Join(fmt.Errorf("count sample of %s: %w", x.Labels, err), sink.Rollback())
		}
	}
	return sink.Commit()
}

// tick closes what is due, asks the free queries that are due then, and closes that.
func (e *engine) tick(ctx context.Context) error {
	for again := true; again; again = e.Ask(ctx) {
		if err := e.Tick(ctx, e.now); err != nil {
			return fmt.Errorf("evaluate: %w", err)
		}
	}
	return nil
}

// forgetful is a store that keeps nothing: a story has no restarts.
type forgetful struct{}

func (forgetful) Load() (map[string]rules.Record, error)       { return nil, nil }
func (forgetful) Save(map[string]rules.Record, []string) error { return nil }
