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

// missingLabels are those of a budget's alert for missing data: SLODataMissing at the
// given severity, or the objective's own.
func (b *budget) missingLabels(severity string) labels.Labels {
	if own := b.obj.Absent; own != nil {
		lb := labels.NewBuilder(b.groups)
		for name, value := range own.Labels {
			lb.Set(name, value)
		}
		lb.Set(labels.AlertName, own.AlertName)
		return lb.Labels()
	}
	lb := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range b.obj.Labels {
		lb.Set(name, value)
	}
	b.labels.Range(func(l labels.Label) { lb.Set(l.Name, l.Value) })
	lb.Set(labels.AlertName, slo.AlertDataMissing)
	lb.Set("severity", severity)
	lb.Set("tier", b.def.Tier)
	lb.Set("owner", b.obj.Owner)
	return lb.Labels()
}

// missingAnnotations say since when (ms) a budget has had no data; 0 is always.
func (e *Engine) missingAnnotations(a *alertState, last int64) labels.Labels {
	b := a.budget
	var since, description string
	if last == 0 {
		why, _ := e.noData(b.obj, e.fedNow())
		since, description = "never", "The objective is required and has had no data yet: is its service scraped, or is a selector wrong? "+why
	} else {
		since = time.UnixMilli(last).UTC().Format(time.RFC3339)
		description = "The budget was fed until " + since + " and is not any more: are its targets gone, or is a selector wrong?"
	}
	lb := labels.NewBuilder(labels.FromStrings(
		"summary", fmt.Sprintf("no data for %s of %s", b.obj.Name, titled(b)), "description", description, "data_time", since,
	))
	e.whereToLook(b, lb)
	if own := b.obj.Absent; own != nil {
		for name, text := range own.Annotations {
			lb.Set(name, e.expand(name, text, a))
		}
	}
	return lb.Labels()
}
