package governance

import (
	"fmt"
	"math"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// The defaults of a canary's question.
const (
	defaultMinEvents = 100
	defaultAlpha     = 0.05
)

// judge compares the canary's events with the stable side's.
func judge(o *slo.Objective, canary, stable slo.Counts, minEvents, alpha float64) govern.CanaryObjective {
	c, s := sample{max(0, canary.Bad), max(0, canary.Total)}, sample{max(0, stable.Bad), max(0, stable.Total)}
	r := govern.CanaryObjective{SLO: o.Name, Canary: counts(c), Stable: counts(s), PValue: govern.Number(math.NaN())}
	for _, side := range []struct {
		name string
		n    float64
	}{{"canary", c.total}, {"stable side", s.total}} {
		if side.n < minEvents || side.n == 0 {
			r.Verdict = govern.Unknown
			r.Reason = fmt.Sprintf("the %s had %.0f events, and at least %.0f are needed to tell", side.name, side.n, minEvents)
			return r
		}
	}
	test, p := worse(c, s)
	r.Test, r.PValue = test, govern.Number(p)
	figures := fmt.Sprintf("%s of the canary's events are bad and %s of the stable side's (p = %.3g, %s)", percent(c.ratio()), percent(s.ratio()), p, test)
	if p < alpha {
		r.Verdict, r.Reason = govern.Fail, "the canary is worse: "+figures
		return r
	}
	r.Verdict, r.Reason = govern.Pass, "the canary is not shown to be worse: "+figures
	return r
}

func counts(s sample) govern.CanaryCounts {
	c := govern.CanaryCounts{BadEvents: govern.Number(s.bad), TotalEvents: govern.Number(s.total)}
	if s.total > 0 {
		c.ErrorRatio = govern.Number(s.ratio())
	}
	return c
}

// worst is the verdict of several: fail if any fails, else unknown if any is or if
// there are none.
func worst(verdicts ...govern.Verdict) govern.Verdict {
	out := govern.Pass
	for _, v := range verdicts {
		switch {
		case v == govern.Fail:
			return govern.Fail
		case v == govern.Unknown:
			out = govern.Unknown
		}
	}
	if len(verdicts) == 0 {
		return govern.Unknown
	}
	return out
}
