package rules

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/slowburn/slowburn/slo"
)

// The series in which Prometheus itself keeps its alerts; dashboards read them.
const (
	alertSeries    = "ALERTS"
	alertForSeries = "ALERTS_FOR_STATE"
)

// alertWriter stores active alerts in the ledger TSDB as Prometheus does: ALERTS is
// 1 at every slot in which the alert was pending or firing and ends with a staleness
// marker; ALERTS_FOR_STATE is since when, unix seconds.
type alertWriter struct {
	active map[string]labels.Labels // written at the last slot, by text
	ts     int64                    // the last slot written, ms
}

// write stores the alerts that are shown at the slot that wall time now lies in.
func (w *alertWriter) write(ledger storage.AppendableV2, shown []slo.Alert, now, slot int64) error {
	ts := now - now%slot
	if ts <= w.ts {
		return nil
	}
	w.ts = ts
	app := ledger.AppenderV2(context.Background())
	put := func(lset labels.Labels, v float64) error {
		if _, err := app.Append(0, lset, 0, ts, v, nil, nil, storage.AppendV2Options{}); err != nil {
			_ = app.Rollback()
			return fmt.Errorf("store alert %s: %w", lset, err)
		}
		return nil
	}
	active := make(map[string]labels.Labels, 2*len(shown))
	for _, a := range shown {
		b := labels.NewBuilder(a.Labels)
		b.Set(labels.MetricName, alertForSeries)
		since := b.Labels()
		b.Set(labels.MetricName, alertSeries)
		b.Set("alertstate", string(a.State))
		state := b.Labels()
		active[since.String()], active[state.String()] = since, state
		if err := put(since, float64(a.ActiveAt)/1000); err != nil {
			return err
		}
		if err := put(state, 1); err != nil {
			return err
		}
	}
	for key, lset := range w.active {
		if _, still := active[key]; !still {
			if err := put(lset, math.Float64frombits(value.StaleNaN)); err != nil {
				return err
			}
		}
	}
	w.active = active
	if err := app.Commit(); err != nil {
		return fmt.Errorf("store alerts: %w", err)
	}
	return nil
}
