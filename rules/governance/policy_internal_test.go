package governance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slowburn/slowburn/slo"
)

// TestPolicyStory walks a budget down and up: a threshold counts at once and is left
// only by the hysteresis, a page lifts the state and lets go of it.
func TestPolicyStory(t *testing.T) {
	p := slo.DefaultPolicy()
	var r PolicyRecord
	for i, step := range []struct {
		spent float64
		fast  bool
		want  slo.PolicyState
	}{
		{0.10, false, "healthy"}, {0.4999, false, "healthy"}, {0.50, false, "watch"}, {0.49, false, "watch"}, {0.451, false, "watch"},
		{0.449, false, "healthy"}, {0.60, false, "watch"}, {0.80, false, "guarded"}, {0.71, false, "guarded"}, {0.69, false, "watch"},
		{1, false, "frozen"}, {0.96, false, "frozen"}, {0.94, false, "guarded"}, {0.30, false, "healthy"},
		// A page: guarded at least, and back to what the share spent says.
		{0.31, true, "guarded"}, {0.32, false, "healthy"}, {0.55, true, "guarded"}, {0.55, false, "watch"}, {1.2, true, "frozen"}, {1.2, false, "frozen"},
		// 1 of 1,000 events at 99.9 % is all of the budget, whatever the arithmetic says.
		{0.2, false, "healthy"}, {1 / ((1 - 0.999) * 1000), false, "frozen"},
	} {
		before := r.State
		var changed bool
		r, changed = next(r, &p, reading{ts: int64(i + 1), spent: step.spent, fast: step.fast})
		if r.State != step.want || changed != (before != step.want) {
			t.Errorf("step %d, spent %g, page %t: want %s, have %s (changed %t)", i, step.spent, step.fast, step.want, r.State, changed)
		}
	}
	var have []string
	for _, c := range r.Changes {
		have = append(have, fmt.Sprintf("%d:%s", c.AtMS, c.State))
	}
	if want := "1:healthy 3:watch 6:healthy 7:watch 8:guarded 10:watch 11:frozen 13:guarded 14:healthy 15:guarded 16:healthy 17:guarded 18:watch 19:frozen 21:healthy 22:frozen"; strings.Join(have, " ") != want {
		t.Errorf("changes:\nwant %s\nhave %s", want, strings.Join(have, " "))
	}
}

// TestPolicyMovesOnNewDataOnly: what was evaluated before, or not at all, moves nothing.
func TestPolicyMovesOnNewDataOnly(t *testing.T) {
	p := slo.DefaultPolicy()
	r, _ := next(PolicyRecord{}, &p, reading{ts: 10, spent: 1})
	if again, changed := next(r, &p, reading{ts: 10, spent: 0}); changed || again.State != slo.PolicyFrozen {
		t.Errorf("the same slot: have %+v", again)
	}
	window := []slo.WindowStatus{{Remaining: 1}}
	for name, s := range map[string]*slo.Status{
		"none": nil, "never evaluated": {Windows: window}, "no data": {TS: 20, State: slo.StateNoData, Windows: window}, "no window": {TS: 20},
	} {
		if _, ok := read(s); ok {
			t.Errorf("%s: want no reading", name)
		}
	}
}

// TestExpiry: a state stops closing the gate when its time is over.
func TestExpiry(t *testing.T) {
	p := slo.DefaultPolicy()
	p.Step(slo.PolicyFrozen).Expiry = time.Hour
	r, _ := next(PolicyRecord{}, &p, reading{ts: 1000, spent: 2})
	end := int64(1000 + 3600_000)
	for now, want := range map[int64]bool{1000: true, end - 1: true, end: false} {
		if have, expires := closes(&p, &r, now); have != want || expires != end {
			t.Errorf("at %d: want closed %t until %d, have %t until %d", now, want, end, have, expires)
		}
	}
}
