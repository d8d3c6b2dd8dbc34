package trace

import (
	"math"

	"github.com/slowburn/slowburn/rules/match"
	"github.com/slowburn/slowburn/slo"
)

// evidence selects exemplars of an objective's bad events: those of the series that
// the matchers select whose value is above what a good event may have.
type evidence struct {
	objective *slo.Objective
	term      *slo.Term
	above     float64
}

// evidenceOf is what an SLI says about single events. A counter of bad events is all
// evidence. Of a histogram, whichever bucket an exemplar was put in, its value tells.
// What is only left over when the good are taken from all says nothing.
func evidenceOf(o *slo.Objective) []evidence {
	var all []evidence
	for _, t := range o.SLI.Terms {
		above := t.Threshold
		switch {
		case t.Kind == slo.Counter && t.Bad > 0 && t.Total == 0:
			above = math.Inf(-1)
		case (t.Kind == slo.BucketBelow || t.Kind == slo.HistogramBelow) && t.Bad < 0:
		default:
			continue
		}
		// Of any bucket: the matchers say nothing of le.
		all = append(all, evidence{o, &slo.Term{Matchers: t.Matchers}, above})
	}
	return all
}

// Index tells whose evidence a series holds.
type Index = match.Index[evidence]

// NewIndex is one of all the objectives.
func NewIndex(objectives []*slo.Objective) *Index {
	var all []evidence
	for _, o := range objectives {
		all = append(all, evidenceOf(o)...)
	}
	return match.New(all, func(e evidence) *slo.Term { return e.term })
}
