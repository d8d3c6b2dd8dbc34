package rules_test

import "testing"

// TestEarlyFiresAtTheFirstSlot: an outage that the engine first sees when it has reached
// two open slots fires since the first, as it would if each had been closed.
func TestEarlyFiresAtTheFirstSlot(t *testing.T) {
	def := availability(0.999)
	def.Rules = def.Rules[:1]
	r, s := newRig(t, t0, def), &shop{}
	r.drive(t0+7*second, t0+hour, 15*second, func(ts int64) []arrival { return s.scrape(ts, 150, 0) })
	outage := t0 + hour + 7*second
	r.now = outage + 16*second
	for ts := outage; ts < outage+30*second; ts += 15 * second {
		r.send(s.scrape(ts, 0, 50_000)...)
	}
	r.tick()
	firing := r.firing("page")
	if len(firing) != 1 || r.metric("slowburn_engine_alerts_fired_early_total") != 1 {
		t.Fatalf("want a page that fired early, have %v", firing)
	}
	if have, want := firing[0].FiredAt-t0, hour+15*second; have != want {
		t.Errorf("want it to fire since %d ms, have %d", want, have)
	}
}
