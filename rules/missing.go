package rules

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// absentFor is how long an objective's own alert for missing data waits, ms.
func (o *objective) absentFor() int64 {
	if o.Absent == nil {
		return 0
	}
	return o.Absent.For.Milliseconds()
}

// missingLabels are those of a budget's alert for missing data: SLODataMissing, at
// the severity of the alert that is held if there is one, or the objective's own.
func (b *budget) missingLabels(held *alertState) labels.Labels {
	if own := b.obj.Absent; own != nil {
		lb := labels.NewBuilder(b.groups)
		for name, value := range own.Labels {
			lb.Set(name, value)
		}
		lb.Set(labels.AlertName, own.AlertName)
		return lb.Labels()
	}
	severity := slo.SeverityTicket
	if held != nil {
		severity = b.def.Rules[held.rule].Severity
	}
	lb := labels.NewBuilder(b.labels)
	lb.Set(labels.AlertName, slo.AlertDataMissing)
	lb.Set("severity", severity)
	lb.Set("tier", b.def.Tier)
	lb.Set("owner", b.obj.Owner)
	return lb.Labels()
}

// missingAnnotations say since when (ms) a budget has had no data.
func (e *Engine) missingAnnotations(a *alertState, last int64) labels.Labels {
	b, since := a.budget, time.UnixMilli(last).UTC().Format(time.RFC3339)
	lb := labels.NewBuilder(labels.FromStrings(
		"summary", fmt.Sprintf("no data for %s of %s", b.obj.Name, titled(b)),
		"description", "The budget was fed until "+since+" and is not any more: are its targets gone, or is a selector wrong?",
		"data_time", since,
		"runbook_url", b.obj.Runbook,
	))
	if own := b.obj.Absent; own != nil {
		for name, text := range own.Annotations {
			lb.Set(name, e.expand(name, text, a))
		}
	}
	return lb.Labels()
}
