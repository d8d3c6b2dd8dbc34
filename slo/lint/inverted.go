package lint

import (
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// inverted looks for latencies told the wrong way round: the fast ones counted as bad or
// as all there are, or the slow ones as less than nothing.
func inverted(m *document.Mapping, o *slo.Objective, report Report) {
	var bad *slo.Term
	all := false
	say := func(format string, args ...any) {
		report(slo.LevelWarning, "inverted", m.Get("sli", "indicator").Problem(format, args...))
	}
	for i := range o.SLI.Terms {
		t := &o.SLI.Terms[i]
		switch {
		case bounded(t) && t.Total > 0 && t.Bad == 0:
			say("total has only the events of %s up to %g: want all of them, as in …_count or the bucket le=\"+Inf\"", bind.MetricName(t.Matchers), t.Threshold)
			return
		case bounded(t) && t.Bad < 0:
			return // what is above a threshold, or between two
		case bounded(t) && t.Bad > 0:
			bad = t
		case t.Bad < 0:
			all = true
		}
	}
	if bad == nil {
		return
	}
	name, le := bind.MetricName(bad.Matchers), bad.Threshold
	if all {
		say("the bad events are those of %s up to %g less all of them, which is below zero: swap the two", name, le)
		return
	}
	say("the bad events are those of %s up to %g: of latencies these are the fast ones; take them from all, as in sum(rate(…_count[…])) - sum(rate(…_bucket{le=\"%g\"}[…]))", name, le, le)
}
