package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/slowburn/slowburn/slo"
)

// PositionSeries is the ledger series that says how far each source was closed.
const PositionSeries = positionName

// backfilledPrefix begins the IDs of generations that a backfill wrote; those of the
// live engine are numbers.
const backfilledPrefix = "b"

// IsBackfilled says whether a generation was written by a backfill.
func IsBackfilled(generation string) bool { return strings.HasPrefix(generation, backfilledPrefix) }

// BackfilledGeneration is the ID of the n-th backfill, and BackfillNumber its n; 0
// for generations of the live engine.
func BackfilledGeneration(n int) string { return backfilledPrefix + strconv.Itoa(n) }

// BackfillNumber is the n of BackfilledGeneration.
func BackfillNumber(generation string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(generation, backfilledPrefix))
	if err != nil || !IsBackfilled(generation) {
		return 0
	}
	return n
}

// Backfilled returns the record of an objective with a backfilled generation in
// force for all time up to to, ms, in the place of any earlier backfill. The record
// may be nil: the objective is new, and goes on from there.
func (r *ObjectiveRecord) Backfilled(o *slo.Objective, id string, from, to int64) *ObjectiveRecord {
	var out ObjectiveRecord
	if r == nil {
		out.begin(o.Meaning(), math.MinInt64)
		out.Since = to
		out.Versions = []slo.Version{o.Version(from)}
	} else {
		out = *r
		out.Until = 0 // this is the past that it waited for
		out.Generations = slices.DeleteFunc(slices.Clone(r.Generations), func(g slo.Generation) bool { return IsBackfilled(g.ID) })
	}
	out.Generations[0].From = to
	out.Generations = slices.Insert(out.Generations, 0, slo.Generation{ID: id, From: math.MinInt64, To: to})
	return &out
}
