package lint

import (
	"math"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// threshold looks for bounds in another unit than the histogram's name tells: no
// request is promised to take more than ten minutes, or less than a microsecond.
func threshold(m *document.Mapping, o *slo.Objective, report Report) {
	for i := range o.SLI.Terms {
		t := &o.SLI.Terms[i]
		if !bounded(t) {
			continue
		}
		name := strings.TrimSuffix(bind.MetricName(t.Matchers), "_bucket")
		say := func(format string, args ...any) {
			report(slo.LevelWarning, "threshold-unit", m.Get("sli", "indicator").Problem(format, args...))
		}
		switch v := t.Threshold; {
		case strings.HasSuffix(name, "_seconds") && !strings.HasSuffix(name, "milliseconds") && v > 600:
			say("the threshold %g of %s is %g seconds: if milliseconds were meant, it is %g", v, name, v, v/1000)
		case strings.HasSuffix(name, "_seconds") && v < 1e-6:
			say("the threshold %g of %s is less than a microsecond: if it was meant in another unit, write it in seconds", v, name)
		case (strings.HasSuffix(name, "_milliseconds") || strings.HasSuffix(name, "_ms")) && v < 1:
			say("the threshold %g of %s is %g milliseconds: if seconds were meant, it is %g", v, name, v, v*1000)
		}
	}
}

// bounded says whether a term counts observations up to a threshold, not all of them.
func bounded(t *slo.Term) bool {
	return (t.Kind == slo.BucketBelow || t.Kind == slo.HistogramBelow) && !math.IsInf(t.Threshold, 1)
}
