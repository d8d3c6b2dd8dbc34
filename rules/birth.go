package rules

import (
	"github.com/slowburn/slowburn/rules/count"
	"github.com/slowburn/slowburn/slo"
)

// bornUnderObservation says whether the first sample of a series counts its whole
// value (DESIGN.md, counting rule 2): its start timestamp lies in the time
// observed, or its family was there before it and the value is plausible.
func bornUnderObservation(b *count.Birth, o *objective, value float64) bool {
	switch o.SLI.Births {
	case slo.BirthsZero:
		return false
	case slo.BirthsSkip:
		return b.First.ST > o.record.Since && b.First.ST <= b.First.T && o.record.Since > 0
	}
	if b.First.ST > 0 {
		return b.First.ST > o.record.Since && b.First.ST <= b.First.T && o.record.Since > 0
	}
	return b.UnderObservation(o.record.Since, value)
}
