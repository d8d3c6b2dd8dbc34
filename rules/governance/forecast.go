package governance

import (
	"fmt"
	"math"
	"slices"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/govern"
)

// remembered is how many of the newest releases a forecast rests on at most: what was
// long ago says little about how a team releases now.
const remembered = 100

// few is below how many releases a forecast says that it rests on few.
const few = 10

// forecast is what a release of the type will cost the objective, from the costs of
// the service's past ones, newest first, of that type and of all. assumed is the
// share of the budget that is taken where there are none.
func forecast(o *slo.Objective, changeType string, ofType, all []float64, assumed float64) govern.Forecast {
	f := govern.Forecast{SLO: o.Name, ChangeType: changeType, Window: o.Windows[0].String()}
	costs := ofType
	switch {
	case len(ofType) > 0:
		f.Basis = govern.BasisType
		f.Assumption = fmt.Sprintf("the next one of type %q costs what the last %s did", changeType, count(min(remembered, len(ofType)), "one", "of them"))
	case len(all) > 0:
		costs, f.Basis = all, govern.BasisService
		f.Assumption = fmt.Sprintf("no cost of the type %q is known for this service: it is taken to cost what its last %s did", changeType, count(min(remembered, len(all)), "release", "releases"))
	default:
		f.Basis = govern.BasisAssumed
		f.Assumption = fmt.Sprintf("no release of this service has a known cost: %s of the budget is assumed (releases.assumed_cost)", percent(assumed))
		f.MedianRatio, f.P90Ratio = govern.Number(assumed), govern.Number(assumed)
		return f
	}
	costs = slices.Sorted(slices.Values(costs[:min(remembered, len(costs))]))
	f.Releases = len(costs)
	f.MedianRatio, f.P90Ratio = govern.Number(quantile(costs, 0.5)), govern.Number(quantile(costs, 0.9))
	if f.Releases < few {
		f.Assumption += "; that is little to go by"
	}
	return f
}

// quantile is the nearest rank: the smallest value that at least the share q of all
// does not exceed. Unlike an interpolation it is a cost that a release really had.
func quantile(sorted []float64, q float64) float64 {
	// 0.9 × 10 is 9 and not a little more.
	rank := int(math.Ceil(q*float64(len(sorted)) - rounding))
	return sorted[max(1, rank)-1]
}

// count writes how many the last ones are: "the last one", "the last 12 of them".
func count(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf("%d %s", n, many)
}
