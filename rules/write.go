package rules

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// The series a ledger is stored as. The first six are served; carry and position
// are what Restore needs and are seen by nobody else.
const (
	storedTotal = iota
	storedBad
	storedObserved
	storedExpected
	storedLateTotal
	storedLateBad
	storedCarryBad
	storedCarryTotal
	storedCarryLateBad
	storedCarryLateTotal
	numStored
)

var storedNames = [numStored]string{
	"slo_events_total", "slo_bad_events_total", "slo_scrapes_observed_total", "slo_scrapes_expected_total",
	"slo_late_events_total", "slo_late_bad_events_total",
	"slowburn_carry_bad", "slowburn_carry_total", "slowburn_carry_late_bad", "slowburn_carry_late_total",
}

// positionName is the series that says, beside every slot a source closed, up to
// which position of the raw WAL its samples were counted. It is committed together
// with the counts, so that a crash can neither lose nor double a late sample.
const positionName = "slowburn_ledger_position"

// writeRows stores closed slots and the source's position in one commit.
func (e *Engine) writeRows(ctx context.Context, src *source, rows []row, end, position int64) error {
	if err := e.recallRows(ctx, rows); err != nil {
		return err
	}
	app := e.opts.Ledger.AppenderV2(ctx)
	for i := range rows {
		r := &rows[i]
		l := r.led
		l.cum = l.cum.Add(r.delta)
		values := [numStored]float64{
			l.cum.Total, l.cum.Bad, l.cum.Observed, l.cum.Expected, l.cum.LateTotal, l.cum.LateBad,
			r.carry.bad, r.carry.total, r.carry.lateBad, r.carry.lateTotal,
		}
		l.lateRows = l.lateRows || l.cum.LateTotal != 0 || l.cum.LateBad != 0
		l.carryRows = l.carryRows || r.carry != carry{}
		for k := range values {
			if k >= storedCarryBad && !l.carryRows || k >= storedLateTotal && k < storedCarryBad && !l.lateRows {
				continue
			}
			if err := l.store(app, k, r.end, values[k]); err != nil {
				_ = app.Rollback()
				return fmt.Errorf("write ledger of %s: %w", l.budget.labels, err)
			}
		}
	}
	lset := labels.FromStrings(labels.MetricName, positionName, slo.LabelSource, src.name)
	if _, err := app.Append(0, lset, 0, end, float64(position), nil, nil, storage.AppendV2Options{}); err != nil {
		_ = app.Rollback()
		return fmt.Errorf("write ledger position of source %q: %w", src.name, err)
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("commit ledger rows of source %q: %w", src.name, err)
	}
	return nil
}

// store appends one value. A reference the TSDB no longer knows is renewed.
func (l *ledger) store(app storage.AppenderV2, k int, t int64, v float64) error {
	if l.refs[k] != 0 {
		ref, err := app.Append(l.refs[k], labels.EmptyLabels(), 0, t, v, nil, nil, storage.AppendV2Options{})
		if err == nil {
			l.refs[k] = ref
			return nil
		}
	}
	ref, err := app.Append(0, l.labels(storedNames[k]), 0, t, v, nil, nil, storage.AppendV2Options{})
	l.refs[k] = ref
	return err
}

// labels are those of a stored series of the ledger.
func (l *ledger) labels(name string) labels.Labels {
	b := labels.NewBuilder(l.budget.labels)
	b.Set(labels.MetricName, name)
	b.Set(slo.LabelSource, l.src.name)
	b.Set(slo.LabelGeneration, l.budget.obj.record.current().ID)
	return b.Labels()
}
