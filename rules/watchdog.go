package rules

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// watchdog always fires: who does not get it any more knows that slowburn, or the
// way from it, is broken.
func (e *Engine) watchdog(now int64) slo.Alert {
	newest := int64(0)
	for _, s := range e.Sources() {
		newest = max(newest, s.Newest)
	}
	data := "never"
	if newest > 0 {
		data = time.UnixMilli(newest).UTC().Format(time.RFC3339)
	}
	return slo.Alert{
		Labels:      labels.FromStrings(labels.AlertName, slo.AlertWatchdog, "severity", slo.SeverityNone, "instance", e.opts.Instance),
		Annotations: labels.FromStrings("summary", "slowburn evaluates and delivers", "data_time", data),
		State:       slo.AlertFiring, ActiveAt: e.started, FiredAt: e.started,
	}
}
